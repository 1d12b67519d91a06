import { generalErrors } from "./general.ts";
import { httpErrors } from "./http.ts";
import { oidcErrors } from "./oidc.ts";
import { podtrustErrors } from "./podtrust/index.ts";
import { sandboxErrors } from "./sandbox.ts";

export type { CatalogueEntry } from "./entry.ts";

/** Errors of what the sandbox is made of, which podtrust throws as well: all that the package of the sandbox ships. */
const sharedErrors = { ...generalErrors, ...httpErrors, ...oidcErrors, ...sandboxErrors } as const;

/**
 * Every error a person can meet, by its stable code. docs/reference/errors.md is generated from here, and a test
 * keeps both the same. A code, once released, is never given another meaning.
 */
export const catalogue: typeof sharedErrors & typeof podtrustErrors = { ...sharedErrors, ...podtrustErrors };

/** The closed set of error codes. */
export type ErrorCode = keyof typeof catalogue;
