export { allBytesOf, bytesField, bytesOf, numberField, numberOf } from "./message.ts";
