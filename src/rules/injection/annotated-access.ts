import { defined, type JsonRecord, mapped, recordOf, textOf } from "../../core/base/index.ts";
import {
  accountAnnotations,
  chainPrefix,
  namespaceAnnotations,
  podAnnotations,
  profilePrefix,
} from "./annotations.ts";
import { defaultProfile, sourceProfile } from "./config-file.ts";
import { annotationNote, type InjectionNote, noteTexts } from "./notes.ts";
import { falseTexts, limits, patterns, podSessionName, trueTexts } from "./patterns.ts";
import type { ContainerAccess, Profile, RoleAccess } from "./role-access.ts";
import { isShortSkipList } from "./skip-list.ts";
import { isTooLong, tooLongNote } from "./value-length.ts";

/** What the annotations of a ServiceAccount mean for one pod. */
export interface AnnotatedAccess {
  /** Undefined where it names no role, or none that can be used. */
  readonly access: RoleAccess | undefined;
  readonly notes: readonly InjectionNote[];
}

/** The objects around a pod, as the API gives them. */
export interface Surroundings {
  readonly serviceAccount: JsonRecord | undefined;
  readonly namespace?: JsonRecord | undefined;
  /** Pods of the ServiceAccount have their credentials from an agent on the node, whatever annotations say of a role. */
  readonly agent?: Agent | undefined;
}

/** How pods ask an agent on their node. */
export interface Agent {
  readonly credentialsUri: string;
  readonly audience: string;
  /** From 0 to 1: by how much the life of this pod's token differs from that of others. */
  readonly spread: number;
}

/** The annotations of an object of any shape. */
export function annotationsOf(object: JsonRecord | undefined): JsonRecord {
  return recordOf(recordOf(object?.["metadata"])["annotations"]);
}

/** The annotations of one object, and what was found wrong with them. */
class AnnotationReader {
  readonly #of: "pod" | "ServiceAccount" | "namespace";
  readonly #annotations: JsonRecord;
  readonly #notes: InjectionNote[];
  readonly #tooLong = new Set<string>();

  constructor(of: "pod" | "ServiceAccount" | "namespace", annotations: JsonRecord, notes: InjectionNote[]) {
    this.#of = of;
    this.#annotations = annotations;
    this.#notes = notes;
  }

  /** The value; one of a ServiceAccount that is too long is as one that is absent, and noted. */
  text(key: string): string | undefined {
    const value = textOf(this.#annotations[key]);
    if (this.#of !== "ServiceAccount" || !isTooLong(value)) return value;
    if (!this.#tooLong.has(key)) this.#notes.push(tooLongNote(key));
    this.#tooLong.add(key);
    return undefined;
  }

  /** Whether it was read, and too long. */
  wasTooLong(key: string): boolean {
    return this.#tooLong.has(key);
  }

  note(key: string, instead: string): void {
    this.#notes.push(
      annotationNote(key, this.#of, this.text(key) ?? JSON.stringify(this.#annotations[key]), instead),
    );
  }

  /** The value where it is as it should be; nothing where it is absent or empty, and a note where it is neither. */
  fitting(key: string, fits: (value: string) => boolean, instead: string): string | undefined {
    const value = this.text(key);
    if (value === undefined || value === "") return undefined;
    if (fits(value)) return value;
    this.note(key, instead);
    return undefined;
  }

  /** The names behind a prefix, in order, without those whose value is too long. */
  names(prefix: string): readonly string[] {
    const keys = Object.keys(this.#annotations).filter((key) => key.startsWith(prefix));
    for (const key of keys.sort()) this.text(key);
    return keys.filter((key) => !this.wasTooLong(key)).map((key) => key.slice(prefix.length));
  }
}

/** Notes a list of containers to skip that is too long: `skippedContainers` takes it as none. */
function noteSkipList(pod: AnnotationReader): void {
  pod.fitting(podAnnotations["skip-containers"], isShortSkipList, noteTexts["skip-containers"]);
}

function expiration(pod: AnnotationReader, account: AnnotationReader): number {
  const read = (reader: AnnotationReader): string | undefined =>
    reader.fitting(
      podAnnotations["token-expiration"],
      (value) => patterns.integer.test(value),
      noteTexts["token-expiration"],
    );
  // Both are read, so that a mistake of the ServiceAccount is also reported for pods that do not need it.
  const [own, ofAccount] = [read(pod), read(account)];
  const seconds = Number(own ?? ofAccount ?? limits.defaultExpiration);
  return Math.min(Math.max(seconds, limits.minExpiration), limits.maxExpiration);
}

function regional(account: AnnotationReader): Pick<RoleAccess, "stsRegionalEndpoints"> {
  const known: readonly string[] = [...trueTexts, ...falseTexts];
  const value = account.fitting(
    accountAnnotations["sts-regional-endpoints"],
    (text) => known.includes(text),
    noteTexts["sts-regional-endpoints"],
  );
  const on = value !== undefined && !(falseTexts as readonly string[]).includes(value);
  return on ? { stsRegionalEndpoints: "regional" } : {};
}

/** A value of the ServiceAccount, else of the namespace; an empty one is none, and hides the namespace's. */
function nearest(
  key: string,
  readers: readonly AnnotationReader[],
  fits: (value: string) => boolean,
): string | undefined {
  const reader = readers.find((one) => one.text(key) !== undefined);
  return reader?.fitting(key, fits, noteTexts.nearest);
}

function session(readers: readonly AnnotationReader[]): Pick<RoleAccess, "sessionName" | "sessionFromPod"> {
  const value = nearest(namespaceAnnotations["session-name"], readers, (text) =>
    patterns.sessionName.test(text),
  );
  if (value === undefined) return {};
  return value === podSessionName ? { sessionFromPod: true } : { sessionName: value };
}

function files(account: AnnotationReader): Pick<RoleAccess, "fsGroup" | "tokenMode"> {
  const group = account.fitting(
    accountAnnotations["fs-group"],
    (value) => patterns.fsGroup.test(value),
    noteTexts["fs-group"],
  );
  const mode = account.fitting(
    accountAnnotations["token-mode"],
    (value) => patterns.tokenMode.test(value),
    noteTexts["token-mode"],
  );
  return {
    ...defined({
      fsGroup: mapped(group, Number),
      tokenMode: mapped(mode, (octal) => Number.parseInt(octal, 8)),
    }),
  };
}

function profiles(account: AnnotationReader, notes: InjectionNote[]): readonly Profile[] {
  // Counted before any is judged: a thousand of them cost the API server's policy no more than fifty.
  const count = account.names(profilePrefix).length + account.names(chainPrefix).length;
  if (count > limits.maxProfiles) {
    notes.push({ reason: "InjectionAnnotationInvalid", text: noteTexts.tooMany.join(String(count)) });
    return [];
  }
  const read = (by: Profile["by"], prefix: string, taken: readonly string[]): readonly Profile[] =>
    account.names(prefix).flatMap((name) => {
      const key = prefix + name;
      if (taken.includes(name)) {
        account.note(key, noteTexts.taken);
        return [];
      }
      const pattern = by === "token" ? patterns.roleArn : patterns.chainedRole;
      const value = account.fitting(key, (text) => pattern.test(text), noteTexts.profile);
      if (value === undefined) return [];
      const [roleArn = "", externalId] = value.split(" ");
      return [{ name, roleArn, by, ...defined({ externalId }) }];
    });
  const direct = read("token", profilePrefix, [defaultProfile, sourceProfile]);
  const chained = read("role", chainPrefix, [sourceProfile, ...account.names(profilePrefix)]);
  return [...direct, ...chained];
}

/**
 * What a pod gets by the annotations of its ServiceAccount, of its namespace, and its own: nothing where the
 * ServiceAccount names no role. A value that cannot be used is left out, with a note.
 *
 * The rules for `eks.amazonaws.com/…` are those of amazon-eks-pod-identity-webhook (pkg/cache, pkg/handler), but for an
 * empty audience: with it a pod would send STS a token that the API server takes.
 */
export function annotatedAccess(pod: JsonRecord, around: Surroundings): AnnotatedAccess {
  const notes: InjectionNote[] = [];
  const account = new AnnotationReader("ServiceAccount", annotationsOf(around.serviceAccount), notes);
  const roleArn = account.text(accountAnnotations["role-arn"]) ?? "";
  if (roleArn === "" && !account.wasTooLong(accountAnnotations["role-arn"]))
    return { access: undefined, notes };
  const readers = [account, new AnnotationReader("namespace", annotationsOf(around.namespace), notes)];
  const isRole = patterns.roleArn.test(roleArn);
  if (!isRole && roleArn !== "") account.note(accountAnnotations["role-arn"], noteTexts["role-arn"]);
  const region = nearest(accountAnnotations.region, readers, (value) => patterns.region.test(value));
  const audience = account.text(accountAnnotations.audience) ?? "";
  const more = isRole ? profiles(account, notes) : [];
  const own = new AnnotationReader("pod", annotationsOf(pod), notes);
  noteSkipList(own);
  const access: RoleAccess = {
    roleArn,
    audience: audience === "" ? limits.defaultAudience : audience,
    expirationSeconds: expiration(own, account),
    ...regional(account),
    ...defined({ region }),
    ...session(readers),
    ...files(account),
    ...(more.length === 0 ? {} : { profiles: more }),
  };
  return { access: roleArn === "" ? undefined : access, notes };
}

/** The same of a pod that has its credentials from an agent: the annotations that are about the role are not looked at. */
export function annotatedForAgent(
  pod: JsonRecord,
  around: Surroundings,
  { credentialsUri, audience, spread }: Agent,
): { readonly access: ContainerAccess; readonly notes: readonly InjectionNote[] } {
  const notes: InjectionNote[] = [];
  const account = new AnnotationReader("ServiceAccount", annotationsOf(around.serviceAccount), notes);
  const readers = [account, new AnnotationReader("namespace", annotationsOf(around.namespace), notes)];
  const region = nearest(accountAnnotations.region, readers, (value) => patterns.region.test(value));
  const own = new AnnotationReader("pod", annotationsOf(pod), notes);
  noteSkipList(own);
  const asked = expiration(own, account);
  const { defaultExpiration, minSpreadExpiration } = limits;
  const spreadOut = Math.round(minSpreadExpiration + spread * (defaultExpiration - minSpreadExpiration));
  const access = {
    credentialsUri,
    audience,
    expirationSeconds: asked === defaultExpiration ? spreadOut : asked,
    ...regional(account),
    ...defined({ region }),
    ...files(account),
  };
  return { access, notes };
}

/** The annotations of a ServiceAccount by which its pods are given this access. */
export function accessAnnotations(access: RoleAccess): Readonly<Record<string, string>> {
  const { roleArn, audience, expirationSeconds, stsRegionalEndpoints, region, fsGroup, tokenMode } = access;
  const sessionName = access.sessionFromPod === true ? podSessionName : access.sessionName;
  const values: Readonly<Record<keyof typeof accountAnnotations, string | undefined>> = {
    "role-arn": roleArn,
    audience: audience === limits.defaultAudience ? undefined : audience,
    "sts-regional-endpoints": stsRegionalEndpoints === "regional" ? "true" : undefined,
    "token-expiration":
      expirationSeconds === limits.defaultExpiration ? undefined : String(expirationSeconds),
    region,
    "session-name": sessionName,
    "fs-group": fsGroup?.toString(),
    "token-mode": tokenMode === undefined ? undefined : `0${tokenMode.toString(8).padStart(3, "0")}`,
  };
  const scalar = Object.entries(accountAnnotations).map(
    ([attribute, key]) => [key, values[attribute as keyof typeof accountAnnotations]] as const,
  );
  const named = (access.profiles ?? []).map(({ name, roleArn: role, by, externalId }) => {
    const value = externalId === undefined ? role : `${role} ${externalId}`;
    return [(by === "token" ? profilePrefix : chainPrefix) + name, value] as const;
  });
  const present = [...scalar, ...named].filter(
    (pair): pair is readonly [string, string] => pair[1] !== undefined,
  );
  return Object.fromEntries(present);
}
