import type { NamedResource } from "../../../rules/plan/index.ts";
import { subjectOfAccount } from "../../../rules/oidc/index.ts";
import type { GcpProject } from "../../../config/index.ts";
import {
  type GoogleApi,
  lockoutWarning,
  lockedOut,
  memberNames,
  openGoogle,
  poolNames,
  providerNames,
} from "../../../providers/gcp/index.ts";
import { principalOf } from "../../../rules/gcp/index.ts";
import type { Goal, Part, PartContext, PartPlan, PartTarget, Preflight, Survey } from "../part.ts";
import { keysToUpload } from "./keys.ts";
import { type ProjectFacts, surveyOf } from "./survey.ts";

/** One project of the config. */
class ProjectPart implements Part {
  readonly #context: PartContext;
  readonly #project: GcpProject;
  #api: GoogleApi | undefined;
  #found: ProjectFacts | undefined;
  #warnings: readonly string[] = [];
  /** The message for credentials that need the keys which they upload. */
  #lockout: string | undefined;

  constructor(context: PartContext, project: GcpProject) {
    this.#context = context;
    this.#project = project;
  }

  get id(): string {
    return poolNames(this.#project).id;
  }

  get named(): readonly NamedResource[] {
    const { serviceAccounts } = this.#project;
    return [
      poolNames(this.#project),
      providerNames(this.#project),
      ...serviceAccounts.map(({ email }) => memberNames(this.#project, email)),
    ];
  }

  async open(signal: AbortSignal): Promise<PartTarget> {
    const { project, projectNumber, pool } = this.#project;
    const { api, caller, elsewhere, credentials } = await openGoogle(this.#context, this.#context.clock);
    this.#api = api;
    await api.checkCredentials(signal).catch((thrown: unknown) => {
      throw lockedOut(thrown, credentials, this.#project);
    });
    this.#lockout = this.#project.keys === "upload" ? lockoutWarning(credentials, this.#project) : undefined;
    const at = elsewhere === undefined ? "" : ` at ${elsewhere}`;
    return { where: `Google project ${project} (${projectNumber}), pool ${pool}${at}`, caller };
  }

  get #opened(): GoogleApi {
    if (this.#api === undefined) throw new TypeError("a part is opened first");
    return this.#api;
  }

  async survey(goal: Goal, signal: AbortSignal): Promise<Survey> {
    const isUploading = goal === "present" && this.#project.keys === "upload";
    // What Google would refuse is refused before it is asked.
    const upload = isUploading ? await keysToUpload(this.#context, signal) : undefined;
    this.#warnings = upload?.warnings ?? [];
    const { config } = this.#context;
    const keys = upload?.keys ?? "fetch";
    const { survey, found } = await surveyOf(
      { config, project: this.#project, api: this.#opened, keys },
      goal,
      signal,
    );
    this.#found = found;
    return survey;
  }

  /** The principals that resources' policies name: podtrust writes no resource's policy. */
  #tellDirect(): void {
    const { notice = () => {} } = this.#context;
    for (const one of this.#project.direct)
      notice(
        `${one} is ${principalOf(this.#project, subjectOfAccount(one))}: give it roles on what it needs`,
      );
  }

  preflight({ goal, changes }: PartPlan): Promise<Preflight> {
    if (this.#found === undefined) throw new TypeError("preflight comes after survey");
    const { disabled, unseen } = this.#found;
    const warnings = [...this.#warnings, ...disabled];
    for (const one of [unseen, this.#lockout]) if (one !== undefined) warnings.push(one);
    if (goal === "present") this.#tellDirect();
    const isDeleting = changes.some(({ kind, resource }) => kind === "delete" && resource.kind !== "member");
    if (isDeleting)
      warnings.push(
        "Google keeps the ids of what is deleted for about 30 days: until then podtrust up undeletes it, and nothing else can have its id",
      );
    return Promise.resolve({ refusals: [], warnings });
  }

  close(): void {
    this.#api = undefined;
  }
}

/** The projects of a config. Opens no connection. */
export function googleParts(context: PartContext): readonly Part[] {
  return context.config.gcp.map((project) => new ProjectPart(context, project));
}
