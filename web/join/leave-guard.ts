/** Asks before the page is left or loaded again, while that would end something. */
export class LeaveGuard {
  private isOn = false;

  constructor(page: EventTarget = globalThis) {
    page.addEventListener('beforeunload', (event) => {
      if (this.isOn) event.preventDefault();
    });
  }

  set(isOn: boolean): void {
    this.isOn = isOn;
  }
}
