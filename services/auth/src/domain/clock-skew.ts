/** Clocks of services and gateways may differ by so much: what gateways must still know is forgotten so much later. */
export const CLOCK_SKEW_MS = 60_000
