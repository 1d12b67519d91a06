/** What an error code means, whatever the value was. */
export interface CatalogueEntry {
  readonly summary: string;
  /** The step to take when the place that throws has no better one. */
  readonly next: string;
}
