import { PodtrustError } from "../../core/base/index.ts";

/** What a parser reads, or the error by which it refuses the input; other errors are rethrown. */
export function tried<T>(read: () => T): T | PodtrustError {
  try {
    return read();
  } catch (error) {
    if (error instanceof PodtrustError) return error;
    throw error;
  }
}
