import { resolve } from "node:path";
import { defined, errorText, PodtrustError, type Environment, setting } from "../../../core/base/index.ts";
import { credentialVariable } from "../../../core/credentials/index.ts";
import { readCredentialFile } from "../../../core/files/index.ts";
import { azureGuid } from "../../../rules/oidc/index.ts";

/** The credentials with which podtrust asks Azure. */
export type AzureCredentials =
  /** An application's own secret: its holder is that application until it expires. */
  | { readonly kind: "secret"; readonly clientId: string; readonly secret: string }
  /** A federated identity, whose token a file has: it is read anew for each access token. */
  | { readonly kind: "assertion"; readonly clientId: string; readonly tokenFile: string }
  /** The login of Azure's own program, which is run for each access token. */
  | { readonly kind: "azure-cli"; readonly env: Environment };

const missing = (sentence: string, cause?: unknown): PodtrustError =>
  new PodtrustError("azure-credentials-missing", sentence, defined({ cause }));

async function fileText(
  credential: "azure-client-secret" | "azure-federated-token",
  variable: string,
  path: string,
): Promise<string> {
  try {
    return (await readCredentialFile(credential, resolve(path))).text.trim();
  } catch (error) {
    throw missing(`the file of ${variable} cannot be read: ${path}: ${errorText(error)}`, error);
  }
}

/** What a file holds is never repeated. */
function checked(text: string, form: RegExp, variable: string): string {
  if (form.test(text)) return text;
  throw new PodtrustError(
    "azure-credentials-invalid",
    `the file of ${variable} holds ${text === "" ? "nothing" : "something else than is expected in it"}`,
    { detail: { variable } },
  );
}

const tokenVariable = "AZURE_FEDERATED_TOKEN_FILE";
const secretVariable = "AZURE_CLIENT_SECRET_FILE";

/** The token of a federated identity, as its file has it now. Throws `azure-credentials-missing` and `-invalid`. */
export async function readAssertion(tokenFile: string): Promise<string> {
  const text = await fileText("azure-federated-token", tokenVariable, tokenFile);
  return checked(text, /^[\w-]{1,40000}\.[\w-]{1,40000}\.[\w-]{1,4000}$/u, tokenVariable);
}

/**
 * The credentials that the environment names: AZURE_CLIENT_ID with a token file, or with a file of a secret; else, with
 * `azureCli`, Azure's own program. Nothing else is looked for, so that a run has no other rights than those that were
 * intended. Throws `azure-credentials-missing` and `azure-credentials-invalid`.
 */
export async function readCredentials(env: Environment, azureCli = false): Promise<AzureCredentials> {
  if (azureCli) return { kind: "azure-cli", env };
  const clientId = setting(env, "AZURE_CLIENT_ID") ?? "";
  if (clientId === "") throw missing("AZURE_CLIENT_ID is not set");
  if (!azureGuid.test(clientId))
    throw new PodtrustError("azure-credentials-invalid", "what AZURE_CLIENT_ID holds is no GUID");
  const tokenFile = credentialVariable(env, "azure-federated-token")?.value ?? "";
  if (tokenFile !== "") {
    await readAssertion(tokenFile);
    return { kind: "assertion", clientId, tokenFile };
  }
  const secretFile = credentialVariable(env, "azure-client-secret")?.value ?? "";
  if (secretFile === "") throw missing(`neither ${tokenVariable} nor ${secretVariable} is set`);
  const secret = checked(
    await fileText("azure-client-secret", secretVariable, secretFile),
    /^[!-~]{8,512}$/u,
    secretVariable,
  );
  return { kind: "secret", clientId, secret };
}

/** Their owner, as far as known. */
export function callerOf(credentials: AzureCredentials): string {
  if (credentials.kind === "azure-cli") return "the account that az is logged in with";
  return `application ${credentials.clientId}`;
}
