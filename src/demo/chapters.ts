import { defined, type Link } from "../core/base/index.ts";

/** Under which headings the links are reported. */
export interface Chapters {
  readonly outside: readonly Chapter[];
  /** Of provider and trust; without it they are under the previous heading. */
  readonly trust?: string;
  /** Of what the workload does. */
  readonly workload?: string;
}

/** Links under one heading. */
interface Chapter {
  readonly title: string;
  readonly links: readonly OutsideLink[];
  /** Makes what the links report on, if it does not exist from the start. */
  readonly make?: () => Promise<void>;
}

/** Links that are visible from outside. */
export type OutsideLink = Extract<Link, "cluster" | "discovery" | "jwks" | "dns" | "tls" | "reachability">;

/** The chain in its own order. */
export const chainChapters: Chapters = {
  outside: [
    {
      title: "The chain, link by link",
      links: ["cluster", "discovery", "jwks", "dns", "tls", "reachability"],
    },
  ],
};

/** The guide's steps from the certificate on, under its own headings; `publish` makes the documents of the fourth. */
export function guideChapters(publish?: () => Promise<void>): Chapters {
  return {
    outside: [
      {
        title: "Step 4: Fetch the TLS Certificate",
        links: ["tls"],
        ...defined({ make: publish }),
      },
      {
        title: "Step 5: Expose OIDC Configuration to the Internet",
        links: ["cluster", "discovery", "jwks", "dns", "reachability"],
      },
    ],
    trust: "Step 6: Add the OIDC Provider to AWS",
    workload: "Step 7: Test the Setup",
  };
}
