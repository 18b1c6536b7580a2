// Reads results once, judges them by the quality gate, and writes the report: `allure generate` and
// `allure quality-gate` in one, so that the report shows what the gate says. The last line printed is the gate's
// complaints, as a JSON list.
import { AllureReport, readConfig } from "@allurereport/core";

const [results, output, name] = process.argv.slice(2);
const config = await readConfig(import.meta.dirname, "allurerc.mjs", { output, ...(name ? { name } : {}) });
const report = new AllureReport(config);
await report.start();
await report.readDirectory(results);
const trs = await report.store.allTestResults({ includeRetries: false });
const { results: judged } = await report.validate({ trs });
report.realtimeDispatcher.sendQualityGateResults(judged);
await report.done();
console.log(JSON.stringify(judged.filter(({ success }) => !success).map(({ message }) => message)));
