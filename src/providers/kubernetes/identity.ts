import { errorText, PodtrustError } from "../../core/base/index.ts";
import { isExposedFile, readCredentialFile } from "../../core/files/index.ts";
import { anyFile, type FileJudge } from "./given-file.ts";
import { entryPath, type KubeconfigEntry, text } from "./kubeconfig.ts";
import { certificateFacts, type SentCredential, tokenFacts } from "./sent-credential.ts";

/** What identifies the caller of one request. */
export interface Identity {
  readonly headers: Readonly<Record<string, string>>;
  /** Client certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** The facts in the credential. */
  readonly sent?: SentCredential;
}

/** Gives the identity for each request anew, since files and tokens rotate. */
export interface Credentials {
  identity(): Promise<Identity>;
  /** The cluster did not accept it (401): whatever is remembered is to be forgotten. */
  refused(): void;
}

/** A client certificate and its key, PEM, and where both come from, for sentences. */
export interface ClientCertificate {
  readonly from: string;
  readonly cert: string;
  readonly key: string;
}

/** The same as it is shown to a server, which nothing renews. */
export function certificateCredentials({ from, cert, key }: ClientCertificate): Credentials {
  const sent = certificateFacts(`client certificate of ${from}`, cert);
  return { identity: () => Promise.resolve({ headers: {}, cert, key, sent }), refused() {} };
}

/** A credential that could not be had: which one, and why. */
export function credentialFault(what: string, why: string, cause?: unknown): PodtrustError {
  return new PodtrustError("cluster-credentials", `${what}: ${why}`, {
    cause,
    detail: { reason: "credentials" },
  });
}

/** A file of the credentials, read anew. Throws `cluster-credentials`, and what `judge` throws. */
export async function credentialFile(what: string, path: string, judge = anyFile): Promise<string> {
  const opened = await readCredentialFile("kubeconfig", path).catch((error: unknown) => {
    throw credentialFault(`${what} ${path}`, errorText(error), error);
  });
  await judge(path, opened.realPath);
  return opened.text;
}

/** The identity of a bearer token. */
type Bearer = Required<Pick<Identity, "headers" | "sent">>;

/** Bearer header of a token as it stands in a kubeconfig or an exec plugin's answer. */
export function bearer(what: string, token: string): Bearer {
  const trimmed = token.trim();
  // RFC 6750 §2.1: one token68 word. Anything else could inject into the header.
  if (!/^[\w.~+/-]+=*$/u.test(trimmed)) throw credentialFault(what, "it holds no bearer token");
  return { headers: { authorization: `Bearer ${trimmed}` }, sent: tokenFacts(what, trimmed) };
}

/** Bearer header of the token in a file that is kept fresh, read anew. Throws as `credentialFile`. */
export async function bearerOfFile(path: string, judge: FileJudge): Promise<Bearer> {
  const what = `token file ${path}`;
  const { headers, sent } = bearer(what, await credentialFile("token file", path, judge));
  const exposed = await isExposedFile(path);
  return { headers, sent: { ...sent, file: path, exposed } };
}

/** No identity. */
export const anonymous: Credentials = { identity: () => Promise.resolve({ headers: {} }), refused() {} };

/** A token in a file that is kept fresh. */
export function tokenFileCredentials(path: string, judge: FileJudge): Credentials {
  return {
    identity: () => bearerOfFile(path, judge),
    refused() {},
  };
}

/** A pod's token, which the kubelet keeps fresh and makes readable for all in the pod. */
export function projectedTokenCredentials(path: string): Credentials {
  return {
    async identity() {
      const { headers, sent } = await bearerOfFile(path, anyFile);
      const { file: _kubelets, exposed: _toThePod, ...facts } = sent;
      return { headers, sent: { ...facts, from: "token of the pod" } };
    },
    refused() {},
  };
}

/** PEM under `key`-data, else of the file under `key`; undefined where neither is. */
export async function dataOrFile(
  entry: KubeconfigEntry,
  key: string,
  judge = anyFile,
): Promise<string | undefined> {
  const data = text(entry.values, `${key}-data`);
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  const path = text(entry.values, key);
  return path === undefined ? undefined : credentialFile(key, entryPath(entry, path), judge);
}

/** The CA of the API server, PEM; undefined means the public roots. */
export function clusterCa(cluster: KubeconfigEntry): Promise<string | undefined> {
  return dataOrFile(cluster, "certificate-authority");
}
