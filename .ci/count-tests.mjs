// Prints `PASSED FAILED` of a vitest report in JSON. A missing report counts as one failure.
import { existsSync, readFileSync } from "node:fs";

const [, , path] = process.argv;
if (existsSync(path)) {
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(path));
  // A file that does not load holds no failed test, and is a failure all the same.
  const failures = numFailedTests > 0 ? numFailedTests : numFailedTestSuites;
  console.log(`${numPassedTests} ${failures}`);
} else {
  console.log("0 1");
}
