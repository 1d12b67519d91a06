import type { Config } from "../../config/index.ts";
import type { Clock, Logger } from "../../core/base/index.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import type { PassOutcome } from "../publication/loop.ts";

/** The keys that a relying party should have. */
export interface DesiredKeys {
  readonly issuer: string;
  readonly keys: readonly PublicJwk[];
  /** Whether another key that it has stays there: it was put there on purpose, and its tokens may be valid. */
  readonly stays: (jwk: PublicJwk) => boolean;
}

/** A place at a relying party that gets the issuer's keys by upload, and fetches none. */
export interface UploadTarget {
  /** For sentences. */
  readonly place: string;
  /** Key IDs that it has. Throws what the relying party's adapter throws. */
  look(signal: AbortSignal): Promise<readonly string[]>;
  /** Compares what it has, and uploads what it should have. Throws what the relying party's adapter throws. */
  upload(wanted: DesiredKeys, signal: AbortSignal): Promise<PassOutcome>;
}

export interface UploadDeps {
  /** Credentials come from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The places that the section of one relying party names. Opens no connection. */
export type OpenUploads = (config: Config, deps: UploadDeps) => readonly UploadTarget[];

/** What pods in the cluster need to upload with their own token. */
export interface PodUploads {
  /** The sections of their config that say where to. */
  readonly sections: Readonly<Record<string, object>>;
  /** Who accepts their token: the provider's full name, and one of its audiences. */
  readonly provider: string;
  readonly audience: string;
}

/** What the section of one relying party has pods upload; undefined if that party fetches. */
export type UploadsOfPods = (config: Config) => PodUploads | undefined;
