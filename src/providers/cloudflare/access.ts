import { errorText, PodtrustError, type Environment, setting } from "../../core/base/index.ts";
import type { CloudflareConfig } from "../../config/index.ts";
import { credentialVariable } from "../../core/credentials/index.ts";
import { apiBase } from "../../core/http/index.ts";
import { readCredentialFile } from "../../core/files/index.ts";

const officialUrl = "https://api.cloudflare.com/client/v4";

/** The address of Cloudflare's API, and the token for it. The token goes nowhere else. */
export interface CloudflareAccess {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly token: string;
}

/** A token goes over the wire with every request: in the clear it goes to this machine alone. */
function baseUrlOf(env: Environment): string {
  const base = apiBase(setting(env, "CLOUDFLARE_BASE_URL") ?? officialUrl);
  if (base !== undefined) return base;
  throw new PodtrustError("usage", "CLOUDFLARE_BASE_URL is no https URL, nor one of this machine", {
    next: `Unset it, or set it to a URL such as ${officialUrl}.`,
  });
}

async function tokenText({ tokenFile }: CloudflareConfig, env: Environment): Promise<string | undefined> {
  if (tokenFile === undefined) return credentialVariable(env, "cloudflare-token")?.value;
  try {
    return (await readCredentialFile("cloudflare-token", tokenFile)).text;
  } catch (error) {
    const sentence = `the file of Cloudflare's token cannot be read: ${errorText(error)}`;
    throw new PodtrustError("cloudflare-token-missing", sentence, { cause: error });
  }
}

/** Throws `cloudflare-token-missing`, `cloudflare-token-refused` for what cannot be a token, and `usage`. */
export async function cloudflareAccess(
  config: CloudflareConfig,
  env: Environment,
): Promise<CloudflareAccess> {
  const baseUrl = baseUrlOf(env);
  const token = (await tokenText(config, env))?.trim() ?? "";
  const from = config.tokenFile ?? "CLOUDFLARE_API_TOKEN";
  if (token === "")
    throw new PodtrustError("cloudflare-token-missing", `${from} holds no token for Cloudflare`);
  // What cannot be sent in a header is no token, and must not be quoted either.
  if (!/^[!-~]{16,200}$/u.test(token)) {
    const sentence = `what ${from} holds is no token of Cloudflare's: it is ${token.length} characters long, or has spaces in it`;
    throw new PodtrustError("cloudflare-token-refused", sentence);
  }
  return { baseUrl, token };
}
