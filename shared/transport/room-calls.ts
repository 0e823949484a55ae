/** Callbacks that wait for room in a send buffer; each is called once. */
export class RoomCalls {
  private callbacks: (() => void)[] = [];

  get areAny(): boolean {
    return this.callbacks.length > 0;
  }

  add(callback: () => void): void {
    this.callbacks.push(callback);
  }

  make(): void {
    const { callbacks } = this;
    this.callbacks = [];
    callbacks.forEach((callback) => callback());
  }
}
