import type { PublisherFile } from "./config-file.ts";
import type { HostLayout } from "./layout.ts";
import type { NodeArchitecture, Release } from "./release.ts";
import type { StackOwner } from "../../../rules/plan/index.ts";

/** The desired publisher on a machine. */
export interface HostPublisherSpec extends StackOwner {
  readonly issuer: string;
  readonly layout: HostLayout;
  /** Of podtrust, whose publisher is installed. */
  readonly version: string;
  /** What there is of that version, by architecture. */
  readonly releases: ReadonlyMap<NodeArchitecture, Release>;
  /** Config and what it names, and the units, each with its whole text. */
  readonly files: readonly PublisherFile[];
  /** Units that are started with the machine. */
  readonly enabled: readonly string[];
}
