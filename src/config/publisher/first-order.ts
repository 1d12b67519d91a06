/**
 * A file in the publisher's state folder that keeps its first certificate from being ordered: whoever set the publisher
 * up writes CAA records of its accounts meanwhile, takes the file away, and has that order be the first that they bind.
 * One that was forgotten, since whoever was at it was cut off, counts for `longestMs` from its last change.
 */
export const firstOrderHold = { file: "first-order-held", longestMs: 15 * 60_000 } as const;
