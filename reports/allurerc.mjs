// How the report looks. The reader has one minute: what is violated comes first,
// every colour has one meaning, and nothing is shown that says nothing.
import { defineConfig } from "allure";

// render.py sets this to a private copy of the history, so that two runs at once are safe.
const historyPath = process.env.REPORT_HISTORY || undefined;

// pytest puts "Skipped: " before the reason.
const skipped = (reason) => ({ statuses: ["skipped"], message: new RegExp(`^(Skipped: )?${reason}`, "i") });

export default defineConfig({
  name: "Propexo contract conformance",
  historyPath,
  // Facts about the machine and the test code, not about the contract.
  hideLabels: ["framework", "host", "language", "package", "parentSuite", "suite", "subSuite", "thread"],
  // The first match wins.
  categories: [
    { name: "Contract violated", matchers: { statuses: ["failed"] }, expand: true },
    { name: "Could not tell", matchers: { statuses: ["broken"] }, expand: true },
    { name: "Recommendation not met", matchers: skipped("recommendation not met"), expand: true },
    { name: "Known issue", matchers: skipped("known issue"), expand: true },
    { name: "Not applicable", matchers: { statuses: ["skipped"] } },
  ],
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportLanguage: "en",
        groupBy: ["epic", "feature", "story"], // API, group, requirement
        defaultSortBy: "status,asc", // violated, then could not tell
        stepTreeExpansion: "expanded",
        // Allure's other charts paint "skipped" red or stay empty without history.
        sections: ["charts"],
        charts: [
          { type: "currentStatus", title: "This run" },
          ...(historyPath ? [{ type: "statusDynamics", title: "Run by run" }] : []),
        ],
        // The timeline would name the machine and its processes.
        timeline: { minDuration: Number.MAX_SAFE_INTEGER },
      },
    },
  },
});
