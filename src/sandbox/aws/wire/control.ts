import type { WireRequest } from "./gate.ts";
import type { PageResponse } from "./service.ts";

/**
 * Answers below `/_podtrust/`, which is no path of AWS's: the API that controls the sandbox itself. `address` is where
 * the request came from.
 */
export type Control = (request: WireRequest, address: string) => Promise<PageResponse>;
export const controlPath = "/_podtrust/";
