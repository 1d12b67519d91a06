import type { BackupContents, BackupFile } from "./archive/index.ts";

/** The signing keys of a machine's cluster, and the machine's login; each if it is known. */
export interface SigningTexts {
  readonly serviceKey?: Buffer;
  readonly k3sToken?: Buffer;
  readonly loginKey?: Buffer;
  readonly loginKeyPublic?: Buffer;
  readonly knownHosts?: Buffer;
  /** The keys of podtrust's signer, as `keptSigner` of the signer gives them. */
  readonly signer?: Buffer;
}

const names: Readonly<Record<keyof SigningTexts, BackupFile>> = {
  serviceKey: "service.key",
  k3sToken: "k3s-token",
  loginKey: "login-key",
  loginKeyPublic: "login-key.pub",
  knownHosts: "known-hosts",
  signer: "signer.json",
};

/** Where each belongs on a machine, or on the one that podtrust runs on, in a few words. */
const belongs: Partial<Record<BackupFile, string>> = {
  "service.key":
    "/var/lib/rancher/k3s/server/tls/service.key on each server, mode 0600, before k3s first starts there",
  "k3s-token":
    "/var/lib/rancher/k3s/server/token, mode 0600, or --token-file, but only together with a copy of that cluster's datastore. Without that never: k3s then starts once, and no more",
  "login-key": "$XDG_STATE_HOME/podtrust/STACK/id_ed25519, mode 0600",
  "login-key.pub": "$XDG_STATE_HOME/podtrust/STACK/id_ed25519.pub",
  "known-hosts": "$XDG_STATE_HOME/podtrust/STACK/known_hosts",
  "signer.json": "/var/lib/podtrust-signer on each control plane, before the signer first starts there",
};

/** Folders for files that do harm where they are copied without a thought. */
const folders: Partial<Record<BackupFile, string>> = { "k3s-token": "only-with-the-datastore" };

/** The content of a backup of what a cluster signs with. */
export function signingContents(
  label: Pick<BackupContents, "stack" | "issuer" | "madeAt">,
  texts: SigningTexts,
): BackupContents {
  const files = new Map<BackupFile, Buffer>();
  for (const [part, name] of Object.entries(names) as [keyof SigningTexts, BackupFile][]) {
    const content = texts[part];
    if (content !== undefined) files.set(name, content);
  }
  return { ...label, kind: "signing", files };
}

/** The files of a backup of signing keys, each with where it belongs. */
export function signingFiles({ files }: BackupContents): readonly {
  readonly name: BackupFile;
  readonly content: Buffer;
  readonly belongs: string;
  /** The folder below the others into which it is written; empty for none. */
  readonly folder: string;
}[] {
  return [...files].map(([name, content]) => ({
    name,
    content,
    belongs: belongs[name] ?? "",
    folder: folders[name] ?? "",
  }));
}
