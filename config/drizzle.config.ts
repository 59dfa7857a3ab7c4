// drizzle-kit: schema in, migrations out. `npm run db:generate -- --name words_of_the_change`.
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './drizzle/schema/index.ts',
  out: './drizzle/migrations',
});
