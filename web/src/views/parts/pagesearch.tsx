import { search, setParam } from "../state/router";
import { Icon } from "./icon";

/** The search field in a page's head; what is typed stands in the address. */
export function PageSearch({ label }: { label: string }) {
  return (
    <div class="searchbox page-search">
      <Icon name="search" />
      <input
        class="input"
        type="search"
        data-search
        aria-label={label}
        placeholder={label}
        value={search.value.get("text") ?? ""}
        onInput={(e) => setParam("text", e.currentTarget.value)}
      />
    </div>
  );
}
