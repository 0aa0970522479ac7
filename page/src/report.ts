/** The document that the page shows, as the coordinator makes it. */
export type {
  Place,
  ReportDocument,
  ReportedAgent,
  ReportedAttempt,
  ReportedOutput,
  ReportedRun,
  ReportedTask,
} from '@gatepost/coordinator/core/report/document';
