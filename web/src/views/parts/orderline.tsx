import type { ComponentChildren } from "preact";

/** One row of the lists of a page: all lists of a page share its columns. */
export function Line({
  state,
  what,
  where,
  who,
  why,
  action,
}: {
  state: ComponentChildren;
  what: ComponentChildren;
  where?: ComponentChildren;
  who?: ComponentChildren;
  why?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class="line open" data-row>
      <span class="state">{state}</span>
      {what}
      <span class="where s clip">{where}</span>
      <span class="who s clip">{who}</span>
      <span class="why s">{why}</span>
      <span class="do">{action}</span>
    </div>
  );
}

export function LineHead({ labels }: { labels: readonly [string, string, string, string] }) {
  const [what, where, who, why] = labels;
  return (
    <div class="line head" aria-hidden="true">
      <span class="state" />
      <span>{what}</span>
      <span class="where">{where}</span>
      <span class="who">{who}</span>
      <span class="why">{why}</span>
      <span />
    </div>
  );
}
