/** What was asked for was done, and the answer is no. */
export class RefusedError extends Error {}
