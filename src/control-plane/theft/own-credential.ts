import { PodtrustError } from "../../core/base/index.ts";
import type { ClientCertificate, KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { ControlPlaneServer } from "../servers/index.ts";

/** Whose token a cluster's credential is, where the stolen key's end is the end of it too; undefined for any other credential. */
export async function endingCredential(
  cluster: Pick<KubernetesApi, "selfSubject">,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { username } = await cluster.selfSubject({ signal });
    return username.startsWith("system:serviceaccount:") ? `a token of ${username}` : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    // A run of before has come that far. A cluster that does not answer says nothing of it: each server is asked for itself.
    return error.code === "cluster-unauthenticated" ? "one that the cluster refuses" : undefined;
  }
}

/** What takes that credential's place: the machine's own administrator. Throws `theft-own-credential` where no machine has one. */
export async function replacement(
  credential: string,
  servers: readonly Pick<ControlPlaneServer, "adminCertificate">[],
  signal: AbortSignal,
): Promise<ClientCertificate> {
  for (const server of servers) {
    const certificate = await server.adminCertificate(signal);
    if (certificate !== undefined) return certificate;
  }
  throw new PodtrustError("theft-own-credential", `the config's credential is ${credential}`, {
    detail: { credential },
  });
}
