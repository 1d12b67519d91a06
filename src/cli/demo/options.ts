/** What was typed. */
export interface DemoCommandOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly keep?: true;
  readonly fromNothing?: true;
  readonly cluster?: true;
  readonly podImage: string;
  readonly watchRotation?: string;
  readonly yes?: true;
  /** `aws,gcp` */
  readonly for?: string;
}
