import { mapLimit } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { tryLook } from "../../stack/index.ts";
import {
  askedWith,
  type PartContext,
  type PartySight,
  partySights,
  type ObservedIdentity,
} from "../../stack/parts/index.ts";
import type { MapParty, PartyProof, Unseen } from "../facts.ts";

/** Relying parties beside AWS as they were read, and what was not. */
export interface PartiesReading {
  readonly parties: readonly MapParty[];
  readonly unseen: readonly Unseen[];
}

interface Looking {
  readonly sight: PartySight;
  readonly title: string;
  /** Undefined: no token can be made. */
  readonly api: KubernetesApi | undefined;
  readonly signal: AbortSignal;
}

/** Tries a token of the first ServiceAccount that the config names, on behalf of the others. */
async function proofOf(
  identity: ObservedIdentity,
  { sight, title, api, signal }: Looking,
): Promise<{ readonly proof?: PartyProof; readonly unseen?: Unseen }> {
  const [serviceAccount] = identity.wanted;
  if (serviceAccount === undefined || api === undefined || !identity.exists) return {};
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const spec = { audiences: [sight.audience], expirationSeconds: 600 };
  const asked = await tryLook(signal, async () => {
    const { token } = await api.requestToken(namespace, name, spec, { signal });
    return askedWith(sight, identity, token, signal);
  });
  if (asked.kind === "failed") {
    const { message, next } = asked.error;
    return { unseen: { what: `whether ${title} lets in ${serviceAccount}`, why: message, next } };
  }
  if (asked.kind === "skipped") return {};
  return { proof: { identity: identity.name, serviceAccount, ...asked.value } };
}

async function lookAt(looking: Looking): Promise<PartiesReading> {
  const { sight, title, signal } = looking;
  const { place } = sight;
  const look = await tryLook(signal, () => sight.look(signal));
  if (look.kind === "skipped") return { parties: [], unseen: [] };
  if (look.kind === "failed") {
    const { message, next } = look.error;
    return { parties: [], unseen: [{ what: `${title}, ${place}`, why: message, next }] };
  }
  const asked = await mapLimit(look.value.identities, (identity) => proofOf(identity, looking));
  const proofs = asked.flatMap(({ proof }) => proof ?? []);
  return {
    parties: [{ ...look.value, title, place, proofs }],
    unseen: asked.flatMap(({ unseen }) => unseen ?? []),
  };
}

/** What exists at the relying parties beside AWS that the config names; tries each with real tokens. Changes nothing. */
export async function lookAtParties(
  context: PartContext,
  api: KubernetesApi | undefined,
  signal: AbortSignal,
): Promise<PartiesReading> {
  const sights = await partySights(context);
  const read = await Promise.all(sights.map(({ title, sight }) => lookAt({ sight, title, api, signal })));
  return { parties: read.flatMap(({ parties }) => parties), unseen: read.flatMap(({ unseen }) => unseen) };
}
