/** A release whose binaries are pinned. */
interface K3sRelease {
  readonly version: string;
  /** SHA-256, hex, by Go's name of the architecture. */
  readonly sha256: Readonly<Record<"amd64" | "arm64", string>>;
}

/** The release that runs unless the config says another. Checksums: the release's sha256sum-*.txt. */
export const newestK3s: K3sRelease = {
  version: "v1.36.4+k3s1",
  sha256: {
    amd64: "835873f37245fc615f547a2fe2af9402a347875f13fa64a1f136de644955ea3f",
    arm64: "c920706346d5ad4e5cd3c7bf1bb09ce71ebe07fec829e513e40f1caf98aed8bb",
  },
};

/** The chart of Cilium that a cluster gets unless the config says another. Digest: index.yaml of Cilium's chart repository. */
export const newestCilium = {
  version: "1.20.0",
  sha256: "c5f013912360d1a334f44ef25f36da59ba3414cdb48f466ee12d0c4fdff27883",
} as const;
