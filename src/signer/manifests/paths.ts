/** Where a signer's things are on a control plane's machine. */
export const signerPaths = {
  name: "podtrust-signer",
  state: "/var/lib/podtrust-signer",
  /** The socket's own folder: the API server's pod mounts that, and sees no key. */
  folder: "/var/lib/podtrust-signer/run",
  socket: "/var/lib/podtrust-signer/run/signer.sock",
  /** What programs that hold keys are configured by, for the unit: mode 0600. */
  environment: "/etc/podtrust-signer.env",
  port: 9894,
} as const;

/** glibc gives each thread that signs a heap of its own, which is ten megabytes of eighty; one is enough for all. */
export const signerEnvironment = { MALLOC_ARENA_MAX: "1" } as const;
