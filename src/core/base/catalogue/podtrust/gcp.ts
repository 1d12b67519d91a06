import type { CatalogueEntry } from "../entry.ts";

/** Errors about Google Cloud. */
export const gcpErrors = {
  "gcp-credentials-missing": {
    summary: "There are no credentials for Google Cloud, or their file cannot be read.",
    next: "Set GOOGLE_APPLICATION_CREDENTIALS to a file of credentials. After gcloud auth application-default login it is ~/.config/gcloud/application_default_credentials.json.",
  },
  "gcp-credentials-invalid": {
    summary: "The file of credentials for Google Cloud lacks something, or holds it in another form.",
    next: "Make it anew: gcloud auth application-default login, or gcloud iam workload-identity-pools create-cred-config.",
  },
  "gcp-credentials-unsupported": {
    summary: "The file of credentials for Google Cloud is of a kind that podtrust does not take.",
    next: "Take a file of type service_account, authorized_user, or external_account with a token in a file or behind https.",
  },
  "gcp-credentials-refused": {
    summary: "Google does not take the credentials.",
    next: "Log in again (gcloud auth application-default login), or make a new key of the service account.",
  },
  "gcp-endpoint": {
    summary: "The address of one of Google's APIs is neither https nor of this machine.",
    next: "Unset CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM, …_STS and …_IAMCREDENTIALS, or set them to URLs such as https://iam.googleapis.com.",
  },
  "gcp-denied": {
    summary: "Google knows the caller, and does not let it do this.",
    next: "Give it the role of podtrust manifests gcp-role, and look whether the IAM API is enabled in the project.",
  },
  "gcp-throttled": {
    summary: "Google takes no more requests for a while: a quota of the project is used up.",
    next: "Wait a minute and run the same command again; it continues with what is missing.",
  },
  "gcp-unavailable": {
    summary: "Google's API gave no usable answer, even after several tries.",
    next: "Run the same command again later; it continues with what is missing.",
  },
  "gcp-unreachable": {
    summary: "Google's API could not be reached.",
    next: "Check the network and CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM, then run the same command again.",
  },
  "gcp-refused": {
    summary: "Google refused a call, for the reason in the message.",
    next: "Read Google's text in the message.",
  },
  "gcp-answer-invalid": {
    summary: "What answered is not Google's API, or not as it is documented.",
    next: "Check CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM, and that no proxy answers in Google's place.",
  },
  "gcp-operation-late": {
    summary: "A change at Google was begun and has not ended in time.",
    next: "Run the same command again; it continues with what is missing.",
  },
  "gcp-id-taken": {
    summary: "A pool or provider that is not this stack's was deleted, and its id stays taken for 30 days.",
    next: "Choose another id in the config.",
  },
  "gcp-provider-absent": {
    summary: "There is no provider of this stack to upload keys to.",
    next: "Make it with podtrust up.",
  },
  "gcp-keys-locked-out": {
    summary:
      "Keys are uploaded by tokens of the issuer itself, and the provider does not take them: most often it lacks the key that signs.",
    next: "Upload the keys with credentials of your own: gcloud auth application-default login, then podtrust publish keys.",
  },
  "gcp-service-account-absent": {
    summary: "The config names a service account of Google that does not exist. podtrust makes none.",
    next: "Check the address, or make it: gcloud iam service-accounts create NAME --project=PROJECT.",
  },
  "gcp-limit": {
    summary: "Google takes no more than a number of these.",
    next: "Take some of them out of the config, or divide them.",
  },
} as const satisfies Record<string, CatalogueEntry>;
