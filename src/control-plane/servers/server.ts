import type { MachineKey, MachineKeys } from "./machine-keys.ts";
import type { ClientCertificate } from "../../providers/kubernetes/index.ts";
import type { PreviousFiles } from "./kept-files.ts";
import type { RecordKeeper } from "../record/index.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import type {
  ChangedStart,
  FlagChange,
  KeptFacts,
  MachineRuns,
  StartRefusal,
  UnitFlags,
  WhatRuns,
} from "../../rules/distribution/index.ts";

/** An API server's own discovery document. */
export interface ServerDiscovery {
  readonly issuer: string;
  readonly jwksUri: string;
}

/** One API server of a cluster, asked at its own address, never through a load balancer. */
export interface ApiServer {
  /** The machine's host name, as its kubelet registers it by default. */
  readonly name: string;
  /** For sentences: its own address. */
  readonly url: string;
  /**
   * What it will be started with and what runs: the one answer to both, never from a log, a process' name or an object of the
   * cluster. Throws `server-process` where none runs, `server-manifest`, `server-file-invalid`, `ssh-*`.
   */
  whatRuns(signal: AbortSignal): Promise<WhatRuns>;
  discovery(signal: AbortSignal): Promise<ServerDiscovery>;
  /** The keys of its own /openid/v1/jwks. */
  keys(signal: AbortSignal): Promise<readonly PublicJwk[]>;
  /** Whether it takes a token for its own API (TokenReview). */
  accepts(token: string, signal: AbortSignal): Promise<boolean>;
  /** A token of a ServiceAccount that is there, for an hour; without an audience for the API server itself. */
  mint(
    serviceAccount: { readonly namespace: string; readonly name: string },
    audience: string | undefined,
    signal: AbortSignal,
  ): Promise<string>;
  /** A file that its flags name, such as its AuthenticationConfiguration: at most 1 MiB; undefined where there is none. */
  readFile(path: string, signal: AbortSignal): Promise<string | undefined>;
  /** Its counter serviceaccount_stale_tokens_total, which begins at 0 with each start, and when that was. */
  staleTokens(signal: AbortSignal): Promise<{ readonly count: number; readonly startedAt: number }>;
  /** When its process began, milliseconds since the epoch. */
  startedAt(signal: AbortSignal): Promise<number>;
  /** Its own version: `v1.31.1+k3s1`. */
  version(signal: AbortSignal): Promise<string>;
}

/** With what a server's API server will be started. */
export interface ServerCommand {
  /** All words of its command line. */
  readonly words: readonly string[];
  /** Where its container sees folders of its machine; absent where it has no container. */
  readonly mounts?: readonly string[];
  /** Of k3s and RKE2: what of the issuer its unit says beside its files. */
  readonly unit?: UnitFlags;
}

/** A key of a server's files: its public half. */
export interface ServerKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
  readonly file: string;
}

/** The keys of a server, by its files. */
export interface ServerKeyFiles {
  /** In the order in which the server reads them. */
  readonly verifiers: readonly ServerKey[];
  readonly signer: ServerKey;
}

/** Other keys for a server. */
export interface KeyChange {
  /** PEM of the public keys that verify, in order; that of the signer has to be among them. */
  readonly verifiers: readonly string[];
  /** The key that signs from now on, whose private half lies on the machine already; absent: as it is. */
  readonly signerThere?: MachineKey;
  /** The datastore that its servers share has this list already: it is taken by a restart. Of no meaning to kubeadm's form. */
  readonly isStored?: boolean;
  /** No key of before stays, and the way back is kept first: the answer to a theft. Of no meaning to kubeadm's form. */
  readonly isWhole?: boolean;
}

/** How a server's files went back. */
export interface RestoredFiles {
  /** What its API server runs with then, as far as its files say. */
  readonly flags: FlagChange;
  /** Why they are not byte for byte what they were; absent where they are. */
  readonly kept?: KeptFacts;
}

/** The files of one server, over its pinned SSH session. One change is one restart of its API server. */
export interface ServerFiles {
  readonly distribution: "kubeadm" | "k3s" | "rke2";
  /** The port of its API. Throws `ssh-*`. */
  port(signal: AbortSignal): Promise<number>;
  /** The folder of its signing keys, beside which podtrust's own private halves lie. Throws `ssh-*`. */
  keyFolder(signal: AbortSignal): Promise<string>;
  /** The command line of its next start, whether anything runs or not. Throws `server-*`, `host-*`, `ssh-*`. */
  command(signal: AbortSignal): Promise<ServerCommand>;
  /** As `ApiServer.whatRuns`, as far as the machine alone says it. */
  whatRuns(signal: AbortSignal): Promise<MachineRuns>;
  /** Key IDs with which the controller manager beside it signs tokens in Secrets; empty where it signs none. */
  controllerManagerKids(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * What `change` would have it start with, or why that is refused; undefined where its one file says all. Touches nothing. Throws
   * `server-unit`, `server-file-invalid`, `ssh-*`.
   */
  startAfter(change: FlagChange, signal: AbortSignal): Promise<ChangedStart | StartRefusal | undefined>;
  /**
   * Writes the files whole with other flags, its unit among them where that names the issuer, keeps beside them, once, what stood there, and restarts what does not notice by
   * itself. Throws `server-file-invalid`, `host-*`, `ssh-*`.
   */
  change(change: FlagChange, signal: AbortSignal): Promise<void>;
  /** What keeps its files from before the first change; undefined where nothing is kept. */
  kept(signal: AbortSignal): Promise<KeptFacts | undefined>;
  /**
   * Puts back what stood there before the first change, byte for byte, and forgets it. If keys came or went
   * since, or another program has changed a file, only the flags of the issuer are restored.
   */
  restoreFiles(signal: AbortSignal): Promise<RestoredFiles>;
  /**
   * What is kept from before podtrust's last change, whatever that was for; undefined where nothing is.
   * Throws `server-file-changed` if another program has changed a file since. Touches nothing.
   */
  previous(signal: AbortSignal): Promise<PreviousFiles | undefined>;
  /** Writes down on the machine that it is going to be put back, until `endPutBack` or another change. */
  beginPutBack(signal: AbortSignal): Promise<void>;
  /**
   * Puts back what stood there before podtrust's last change, byte for byte: nothing but its files is asked for. Gives what its
   * API server runs with then. Throws `server-file-changed`, and has touched nothing then.
   */
  putBack(signal: AbortSignal): Promise<FlagChange>;
  /** Forgets what stood there before the last change. */
  endPutBack(signal: AbortSignal): Promise<void>;
  /** Forgets what was kept: there is no way back from then on. */
  forget(signal: AbortSignal): Promise<void>;
  /** Public halves only: private ones are turned into them on the machine. */
  readKeys(signal: AbortSignal): Promise<ServerKeyFiles>;
  /** What keeps its keys beside its files; undefined where nothing does, or it cannot be told. */
  datastore(signal: AbortSignal): Promise<"embedded-etcd" | "other" | undefined>;
  writeKeys(change: KeyChange, signal: AbortSignal): Promise<void>;
  /** After the last `writeKeys`: gives back the keys from before it, and restarts. Throws `server-file-changed`, `host-*`. */
  putKeysBack(signal: AbortSignal): Promise<void>;
  /** Where servers share a datastore: gives it the keys with which this one still runs. False where they do not. */
  storeOwnKeys(signal: AbortSignal): Promise<boolean>;
  /**
   * Removes every copy of a key other than one that could come back: kept files, other private halves, and what the distribution's own
   * commands copy. Gives what was done, as sentences.
   */
  endKeys(kid: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Has its kubelet renew the tokens of all pods of the node, without a restart of a pod. False where that restarted with its API server. */
  restartKubelet(signal: AbortSignal): Promise<boolean>;
}

/** How a cluster identifies a server. */
export interface ServerIdentity {
  readonly hostname: string;
  /** Of its network cards, without loopback. */
  readonly addresses: readonly string[];
  /** Its own clock: milliseconds since the epoch when `Clock.elapsed()` was 0. */
  readonly epoch: number;
}

/** One server of the config: its API, its files, and by what the cluster knows it. */
export interface ControlPlaneServer {
  readonly api: ApiServer;
  readonly files: ServerFiles;
  /** Private halves that lie on its machine beside what signs now. */
  readonly machineKeys: MachineKeys;
  /** What podtrust remembers there of rotations and adoption. */
  readonly record: RecordKeeper;
  readonly facts: ServerIdentity;
  /** A credential of its machine's that no token vouches for; undefined where it has none. */
  adminCertificate(signal: AbortSignal): Promise<ClientCertificate | undefined>;
}
