import type { KeyPair } from "./authority.ts";

export interface KubeconfigInput {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly user: { readonly token: string } | KeyPair;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A kubeconfig with one cluster, one user and one context, all named `test`; JSON, which is YAML too. */
export function kubeconfig({ server, ca, user }: KubeconfigInput): string {
  const credentials =
    "token" in user
      ? { token: user.token }
      : { "client-certificate-data": base64(user.certificate), "client-key-data": base64(user.key) };
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [{ name: "test", cluster: { server, "certificate-authority-data": base64(ca) } }],
      users: [{ name: "test", user: credentials }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    },
    undefined,
    2,
  )}\n`;
}
