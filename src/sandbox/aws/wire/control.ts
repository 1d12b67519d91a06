import type { WireRequest } from "./gate.ts";
import type { PageResponse } from "./service.ts";

/**
 * What answers below `/_podtrust/`, which is no path of AWS's: whoever drives the sandbox itself. `address` is where the
 * request came from.
 */
export type Control = (request: WireRequest, address: string) => Promise<PageResponse>;
export const controlPath = "/_podtrust/";
