import {
  defined,
  errorText,
  isRecord,
  PodtrustError,
  recordOf,
  recordsOf,
  textOf,
} from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import { digestOf, type Policy, savedChanges } from "../rules/plan/index.ts";
import type { Goal } from "./parts/index.ts";
import type { Selection } from "./selection.ts";
import type { PlanSpec, StackPlan } from "./plan.ts";

/** The format of the file; another one is refused. */
const savedFormat = 1;

/** A plan as it was shown, from a file: its purpose, and its content. */
export interface SavedPlan {
  readonly stack: string;
  /** The issuer name that it was made for, if the config leaves it open. */
  readonly issuer: string;
  /** Digest of what the config asked of the plan's providers. */
  readonly config: string;
  readonly spec: PlanSpec;
  readonly select: Selection;
  readonly changes: readonly { readonly id: string }[];
}

/** A digest of what plans are made from, without the file's name, comments and other sections. */
export function configDigest({ stack, identity, issuer, aws, dns, machine }: Config): string {
  const more = defined({ dns, machine });
  return digestOf({ stack, identity, issuer, aws, ...more });
}

/**
 * A plan as text for a file: everything that was shown, and what is needed to check whether it still holds. It holds no
 * credentials, and nothing that the plan does not print.
 *
 * @param podtrust the version of the package
 */
export function savePlan(shown: StackPlan, select: Selection, podtrust: string): string {
  const content = {
    podtrustPlan: savedFormat,
    podtrust,
    stack: shown.config.stack,
    issuer: shown.config.issuer,
    config: configDigest(shown.config),
    spec: shown.spec,
    select,
    changes: savedChanges(shown.plan),
  };
  return `${JSON.stringify({ ...content, digest: digestOf(content) }, undefined, 2)}\n`;
}

function invalid(sentence: string): PodtrustError {
  return new PodtrustError("plan-file-invalid", sentence);
}

function oneOf<T extends string>(value: unknown, ...known: readonly T[]): T | undefined {
  return known.find((one) => one === value);
}

function specOf(value: unknown): PlanSpec {
  const record = recordOf(value);
  const goal = oneOf<Goal>(record["goal"], "present", "absent");
  const policy = oneOf<Policy>(record["policy"], "sync", "upsert-only");
  const isTrue = (name: string): object => (record[name] === true ? { [name]: true } : {});
  return {
    ...defined({ goal, policy }),
    ...isTrue("allowInUse"),
    ...isTrue("allowReplace"),
    ...isTrue("allowIssuerMismatch"),
  };
}

function selectOf(value: unknown): Selection {
  const record = recordOf(value);
  const names = (name: "only" | "skip" | "leave"): Selection => {
    const list = record[name];
    return Array.isArray(list) ? { [name]: list.flatMap((one) => textOf(one) ?? []) } : {};
  };
  return { ...names("only"), ...names("skip"), ...names("leave") };
}

/**
 * Reads what `savePlan` wrote. The file is never executed, only compared with a new plan. Throws `plan-file-invalid`
 * for anything else, for an edited file, and for one of another podtrust version.
 *
 * @param podtrust the version of the package
 */
export function readSavedPlan(text: string, podtrust: string): SavedPlan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`it is no JSON: ${errorText(error)}`);
  }
  if (!isRecord(value) || value["podtrustPlan"] === undefined)
    throw invalid("it is not what podtrust plan -o writes");
  const { digest, ...content } = value;
  if (content["podtrustPlan"] !== savedFormat) {
    throw invalid(
      `it has format ${JSON.stringify(content["podtrustPlan"])}, this podtrust knows ${savedFormat}`,
    );
  }
  if (digest !== digestOf(content)) throw invalid("it was changed after it was written");
  if (content["podtrust"] !== podtrust) {
    throw invalid(`it is of podtrust ${JSON.stringify(content["podtrust"])}, this one is ${podtrust}`);
  }
  const issuer = textOf(content["issuer"]) ?? "";
  if (!URL.canParse(issuer)) throw invalid("it names no issuer");
  return {
    stack: textOf(content["stack"]) ?? "",
    issuer,
    config: textOf(content["config"]) ?? "",
    spec: specOf(content["spec"]),
    select: selectOf(content["select"]),
    changes: recordsOf(content["changes"]).map((change) => ({ ...change, id: textOf(change["id"]) ?? "" })),
  };
}
