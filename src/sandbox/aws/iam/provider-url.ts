import { iamProviderKey } from "../../../rules/oidc/index.ts";
import { invalidInput, validationError } from "./errors.ts";

/**
 * What IAM keeps of a provider's URL: without the scheme and `:443`, all else verbatim. Refuses what IAM refuses, with
 * its texts; does not check whether a server answers there.
 */
export function providerKeyOf(url: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//iu.test(url)) throw validationError("Invalid Open ID Connect Provider URL");
  if (!url.startsWith("https://")) {
    throw invalidInput("Invalid Open ID Connect Provider URL. The URL must begin with https://.");
  }
  // IAM has only this word for a query or a fragment.
  if (/[?#]/u.test(url)) throw invalidInput("Unknown");
  const key = iamProviderKey(url);
  if (!URL.canParse(url) || !/^[^/:@\s]+(?:\/\S*)?$/u.test(key)) {
    throw invalidInput("Invalid Open ID Connect Provider URL");
  }
  return key;
}
