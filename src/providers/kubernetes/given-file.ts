import { type CredentialName, requireConsentTo, requireGivenFile } from "../../core/credentials/index.ts";
import { cameWith } from "../../core/files/index.ts";
import type { ClusterEnvironment } from "./environment.ts";
import type { KubeconfigContext } from "./kubeconfig.ts";

/** Throws `credential-elsewhere` for a file that must not be sent; `realPath` is where it was read from. */
export type FileJudge = (path: string, realPath: string | undefined) => Promise<void>;

/** Of files that a person of this machine named. */
export const anyFile: FileJudge = () => Promise.resolve();

/** Who names files, and the server that they are for. */
interface Naming {
  readonly credential: CredentialName;
  readonly server: string;
  /** The folders in which files came with what names them. */
  readonly folders: readonly string[];
}

/** Of files that somebody else may have named together with the server. */
export function givenFiles(
  { credential, server, folders }: Naming,
  environment: ClusterEnvironment,
): FileJudge {
  return async (path, realPath) => {
    const inside = await Promise.all(folders.map((folder) => cameWith(realPath, folder)));
    const file = { credential, path: realPath ?? path, to: server, cameWith: inside.includes(true) };
    await requireGivenFile(file, environment);
  };
}

/**
 * A person's own user may not be used at a server of somebody else's file unasked, as where $KUBECONFIG joins one's own file
 * and a checkout's. Throws `credential-elsewhere`.
 */
export async function requireOwnServer(
  { context, cluster, user }: KubeconfigContext,
  server: string,
  environment: ClusterEnvironment,
): Promise<void> {
  await requireConsentTo(
    {
      credential: "kubeconfig",
      what: `user ${user.name} of ${user.source.path}`,
      file: user.source.realPath ?? user.source.path,
      to: server,
      why: `context ${context} takes the server of ${cluster.source.path}, which is not your own`,
      instead: "Name the server in the file that has the user.",
    },
    environment,
  );
}
