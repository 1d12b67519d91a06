import type { Config, GcpProject } from "../../config/index.ts";
import {
  lockoutWarning,
  lockedOut,
  type OpenedGoogle,
  openGoogle,
  uploadedKeys,
  uploadKeys,
} from "../../providers/gcp/index.ts";
import { type Jwk, keysForUpload, providerAudience, providerPath } from "../../rules/gcp/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import type { PassOutcome } from "../publication/loop.ts";
import type {
  DesiredKeys,
  OpenUploads,
  UploadDeps,
  UploadsOfPods,
  UploadTarget,
} from "../targets/uploads.ts";

/** A key as Google has it; undefined for one that Google does not verify with. */
function publicKey(jwk: Jwk): PublicJwk | undefined {
  try {
    return parseJwkSet(JSON.stringify({ keys: [jwk] })).keys[0];
  } catch {
    return undefined;
  }
}

type UploadingStack = Pick<Config, "identity" | "stack">;

/** The provider of one project. */
class GoogleUpload implements UploadTarget {
  readonly place: string;
  readonly #stack: UploadingStack;
  readonly #project: GcpProject;
  readonly #deps: UploadDeps;
  #opened: OpenedGoogle | undefined;

  constructor(stack: UploadingStack, project: GcpProject, deps: UploadDeps) {
    const { pool, provider } = project;
    this.place = `Google project ${project.project}, provider ${pool}/${provider}`;
    this.#stack = stack;
    this.#project = project;
    this.#deps = deps;
  }

  async #open(): Promise<OpenedGoogle> {
    const { env, clock } = this.#deps;
    this.#opened ??= await openGoogle({ env }, clock);
    return this.#opened;
  }

  async look(signal: AbortSignal): Promise<readonly string[]> {
    const { api } = await this.#open();
    const keys = await uploadedKeys(api, { ...this.#stack, name: this.#project }, signal);
    return keys.map(({ kid }) => String(kid));
  }

  async upload({ issuer, keys, stays }: DesiredKeys, signal: AbortSignal): Promise<PassOutcome> {
    const { logger } = this.#deps;
    const judged = keysForUpload(issuer, JSON.stringify({ keys }));
    const opened = await this.#open();
    const mayStay = (jwk: Jwk): boolean => {
      const known = publicKey(jwk);
      return known !== undefined && stays(known);
    };
    const place = { ...this.#stack, name: this.#project, stays: mayStay };
    const waiting = (reason: string): void => logger.debug(`${this.place}: ${reason}`);
    const uploaded = await uploadKeys(opened.api, place, judged.keys, { signal, waiting }).catch(
      (thrown: unknown) => {
        // A fixed credential file works without a restart.
        this.#opened = undefined;
        throw lockedOut(thrown, opened.credentials, this.#project);
      },
    );
    return {
      written: uploaded.isWritten ? ["keys"] : [],
      kids: (uploaded.keys ?? []).map(({ kid }) => String(kid)),
      conflicts: 0,
      warnings: [
        ...judged.warnings,
        ...[lockoutWarning(opened.credentials, this.#project)].flatMap((one) => one ?? []),
      ],
    };
  }
}

/** What pods need to upload: a reduced section, and the first provider, which accepts their own tokens. */
const ofPods: UploadsOfPods = ({ gcp }) => {
  const uploading = gcp.filter(({ keys }) => keys === "upload");
  const [first] = uploading;
  if (first === undefined) return undefined;
  const section = uploading.map(({ project, projectNumber, pool, provider, audiences }) => ({
    project,
    projectNumber,
    pool,
    provider,
    ...(audiences.length === 0 ? {} : { audiences }),
    keys: "upload",
  }));
  const audience = first.audiences[0] ?? providerAudience(first, "https:");
  return { sections: { gcp: section }, provider: providerPath(first), audience };
};

/** The providers that get keys by upload. */
const open: OpenUploads = ({ stack, identity, gcp }, deps) =>
  gcp
    .filter(({ keys }) => keys === "upload")
    .map((project) => new GoogleUpload({ stack, identity }, project, deps));

export const googleUploader = { open, ofPods } as const;
