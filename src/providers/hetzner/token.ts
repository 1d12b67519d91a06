import { errorText, PodtrustError } from "../../core/base/index.ts";
import { credentialVariable } from "../../core/credentials/index.ts";
import { readCredentialFile } from "../../core/files/index.ts";

/** Where the token comes from: a file where one is named, else HCLOUD_TOKEN. */
export interface HetznerTokenSource {
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

// Hetzner's own Terraform provider refuses any other length before a request.
const form = /^[A-Za-z0-9]{64}$/u;

/** What holds the token, in words. */
export function tokenSourceText({ file }: HetznerTokenSource): string {
  return file ?? "HCLOUD_TOKEN";
}

async function given({ file, env }: HetznerTokenSource): Promise<string> {
  if (file === undefined) return credentialVariable(env, "hetzner-token")?.value ?? "";
  try {
    return (await readCredentialFile("hetzner-token", file)).text;
  } catch (error) {
    const sentence = `the file of Hetzner's token cannot be read: ${file}: ${errorText(error)}`;
    throw new PodtrustError("file-unreadable", sentence, { cause: error, detail: { path: file } });
  }
}

/**
 * The token, checked by its form before it is sent anywhere. Throws `hetzner-token-missing`, `hetzner-token-malformed`
 * or `file-unreadable`; none of them repeats it.
 */
export async function readToken(source: HetznerTokenSource): Promise<string> {
  const token = (await given(source)).trim();
  const where = tokenSourceText(source);
  if (token === "") {
    const what = source.file === undefined ? "is not set" : "is empty";
    throw new PodtrustError("hetzner-token-missing", `${where} ${what}`);
  }
  if (form.test(token)) return token;
  const sentence =
    token.length === 64
      ? `what ${where} holds is no Hetzner token: it has other characters than letters and digits`
      : `what ${where} holds is no Hetzner token: it has ${token.length} characters, and a token has 64`;
  throw new PodtrustError("hetzner-token-malformed", sentence, { detail: { length: token.length } });
}
