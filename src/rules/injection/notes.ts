import type { Reason } from "../../core/reasons/index.ts";
import { limits } from "./patterns.ts";
import { mountPaths } from "./mount-paths.ts";

/** An annotation that cannot be used as it is; injection continues without it. */
export interface InjectionNote {
  readonly reason: "InjectionAnnotationInvalid";
  /** The object and value of the annotation, and what happens instead. */
  readonly text: string;
}

/** What is wrong with a value, and what happens in its place. */
export const noteTexts = {
  "role-arn": "it is not the ARN of a role; pods still get it",
  "token-expiration": "it is no number of seconds, and not used",
  "sts-regional-endpoints": "it is neither true nor false, and not used",
  "fs-group": "it is not the number of a group, and not used",
  "token-mode": "it is no file mode such as 0440, and not used",
  /** Of a region or a session's name. */
  nearest: "it is not used",
  profile: "it is not the ARN of a role, and the profile left out",
  taken: "the name is taken, and the profile left out",
  "skip-containers": `it is longer than ${limits.maxSkipList} characters, and not used`,
  /** For all profiles together. */
  tooMany: [
    "the ServiceAccount has ",
    ` profiles, of which ${limits.maxProfiles} at most are taken, and so none`,
  ],
} as const;

/** How many characters of a value are shown: an annotation may be 256 KiB long. */
export const maxShown = 100;

/** Behind a value that was cut. */
export const cutMark = "…";

/** A value in quotation marks, cut where it is long. */
export function shownValue(value: string): string {
  return JSON.stringify(value.length > maxShown ? value.slice(0, maxShown) + cutMark : value);
}

/** The note on an annotation of an object, such as `ServiceAccount`. */
export function annotationNote(key: string, of: string, value: string, instead: string): InjectionNote {
  return {
    reason: "InjectionAnnotationInvalid",
    text: `annotation ${key} of the ${of} is ${shownValue(value)}: ${instead}`,
  };
}

/** How every message of injection to the creator of a pod begins: its reason. */
export function saying(reason: Reason, text: string): string {
  return `podtrust: ${reason}: ${text}`;
}

/** Why a container gets no role though its ServiceAccount has one, behind the container's name. */
export const noPlace = `: volumes of its own are mounted at ${mountPaths.join(" and ")}`;

/** The same for a relying party beside AWS, which has one folder. */
export const placeTaken = (folder: string): string => `: a volume of its own is mounted at ${folder}`;

/** Why containers are left alone that a pod's annotation names, where it names all of them. */
export const allSkipped = "the pod's annotation skip-containers names each of its containers";
