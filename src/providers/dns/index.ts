export { askServers } from "./ask-servers.ts";
export { challengeRecords, type ChallengeRecords } from "./challenge-records.ts";
export { type AskServers, untilServed } from "./served.ts";
export { nameTaken, NotSettled, untilSettled } from "./until-settled.ts";
