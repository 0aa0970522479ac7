import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests of the whole system take longest, most of it waiting: they begin first, so that the others fill the time. */
export class WholeSystemFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isWhole = ({ moduleId }: TestSpecification) => /\/test\/(chaos|e2e|simulation)\//.test(moduleId);
    return [...sorted.filter(isWhole), ...sorted.filter((file) => !isWhole(file))];
  }
}
