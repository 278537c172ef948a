/** Thrown when a start cannot succeed; the message says what is wrong and what to do, and needs no stack. */
export class StartError extends Error {
  override name = 'StartError'
}
