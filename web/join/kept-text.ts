/** What becomes of smashed data that the server keeps, as a sentence. */
export function keptText(epochs: number): string {
  const often = epochs === 1 ? 'once' : `${epochs} times`;
  return `The server keeps what it is sent until its part of the model has gone through it ${often}, and then deletes it.`;
}
