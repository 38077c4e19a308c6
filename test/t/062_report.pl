# The pages of report() and tenant_report() in a browser: light and dark, wide and as narrow as a telephone.
# Nothing overflows, all text has contrast, nothing is asked of anybody, and no text of a user acts.

use strict;
use warnings;

use Browser;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'Chromium is not installed' unless Browser::program();

my $dir = $PostgreSQL::Test::Utils::tmp_check;
my $browser = Browser->new("$dir/browser") // plan skip_all => 'Chromium does not start here';
my $node = node('report', '', init => [ extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ] ]);

# What is wrong with a page, as text: what sticks out, text of too little contrast, images without words, more than
# one main heading.  For contrast, text counts as large at 24 pixels, or 18.7 in bold.
my $faults = <<'JS';
(() => {
	const faults = [], root = document.documentElement;
	const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 }; };
	const light = rgb => { const [r, g, b] = rgb.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a > 0) return c.rgb; } return [255, 255, 255]; };
	document.querySelectorAll('details').forEach(d => d.open = true);
	if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide`);
	for (const e of document.querySelectorAll('body *')) {
		const box = e.getBoundingClientRect();
		if (box.width > 0 && (box.right > root.clientWidth + 1 || box.left < -1) && !e.closest('thead')) faults.push(`${e.tagName}.${e.className} reaches to ${box.right}`);
	}
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, style = getComputedStyle(e);
		if (!walk.currentNode.data.trim() || e.closest('svg')) continue;
		const [a, b] = [light(parse(style.color).rgb), light(behind(e))].sort((x, y) => y - x), contrast = (a + 0.05) / (b + 0.05);
		const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
		if (contrast < (large ? 3 : 4.5)) faults.push(`contrast ${contrast.toFixed(2)}: ${walk.currentNode.data.trim().slice(0, 40)}`);
		if (size < 12) faults.push(`${size} pixels: ${walk.currentNode.data.trim().slice(0, 40)}`);
	}
	for (const e of document.querySelectorAll('[role=img]')) if (!e.getAttribute('aria-label')) faults.push('an image without words');
	for (const e of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(e.getAttribute('aria-labelledby'))) faults.push('a label that is not there');
	if (document.querySelectorAll('h1').length != 1) faults.push('not one main heading');
	return [...new Set(faults)].slice(0, 20).join('\n');
})()
JS

sub check
{
	my ($name, $page) = @_;
	my %paper;

	foreach my $width (1280, 380)
	{
		foreach my $scheme ('light', 'dark')
		{
			$browser->show($page, width => $width, scheme => $scheme);
			is($browser->value($faults), '', "$name is right at $width pixels, $scheme");
			is(join(' ', $browser->requests, $browser->dialogs, $browser->value('document.scripts.length + (window.acted ?? 0)')), '0', 'and asks and does nothing');
			$paper{$scheme} = $browser->value('getComputedStyle(document.body).backgroundColor');
		}
	}
	isnt($paper{light}, $paper{dark}, "$name is light or dark");
	$browser->show($page, width => 800, scheme => 'dark', media => 'print');
	is($browser->value('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)', "$name is white on paper");
}

# What is looked for is found.
$browser->show('<!DOCTYPE html><title>x</title><h1>a</h1><p style="width:2000px;color:#aaa">pale</p><svg role="img"></svg>'
	  . '<p aria-labelledby="none" style="font-size:8px">small</p><img src="http://example.invalid/"/><script>window.acted = 1; alert(1)</script>',
	width => 380);
my $found = $browser->value($faults);
like($found, $_, "finds $_") foreach qr/page is \d{4} wide/, qr/P\. reaches to 20/, qr/contrast 2\.\d+: pale/, qr/without words/, qr/label that is not there/, qr/8 pixels: small/;
is(join(' ', $browser->requests, $browser->dialogs, $browser->value('document.scripts.length + (window.acted ?? 0)')), 'http://example.invalid/ 1 2', 'and notices what a page does');

# The demo's.
$node->psql('postgres', "\\set out $dir\n\\i test/demo/report.sql", on_error_die => 1);
check('ana', slurp_file("$dir/report.html"));
check('acme', slurp_file("$dir/tenant-report.html"));

# Texts that would act, or spoil the page, wherever a user's text may stand; and a user without anything.
my @texts = (
	q(<script>window.acted = 1; alert(1)</script>), q("><img src=x onerror="window.acted = 1; alert(1)">), q(</style><svg onload=alert(1)>),
	q('"--><a href="http://example.invalid/">x</a>), q(<iframe src="http://example.invalid/"></iframe>), q(javascript:alert(1)),
	q(]]><style>@import "http://example.invalid/";*{display:none}</style>), 'W' x 400, "\x{202E}evil\x{2069}\x{2067}" =~ s/([^\x00-\x7f])/sprintf('\\u%04x', ord $1)/ger);
my $values = join(', ', map { m/\\u/ ? "(E'$_')" : '(' . quote($_) . ')' } @texts);

sql("SELECT personalization.create_tenant('bad', '{\"insight_minimum_users\": 1}')",
	"CREATE TABLE texts (t text)", "INSERT INTO texts VALUES $values",
	"SELECT personalization.learn('bad', u.t, type, data) FROM texts u, texts v, LATERAL (VALUES
		('query'::personalization.interaction_type, jsonb_build_object('query', v.t, 'tables_used', jsonb_build_array(v.t), 'filters', jsonb_build_array(v.t))),
		('visualization', jsonb_build_object('chart_type', v.t, 'x_axis', v.t)), ('export', jsonb_build_object('format', v.t)),
		('dashboard', jsonb_build_object('widget_sizes', jsonb_build_object(v.t, v.t)))) AS w (type, data), generate_series(1, 3)",
	"SELECT personalization.set_preference('bad', u.t, 'notification', v.t, to_jsonb(v.t)), personalization.register_table('bad', v.t, v.t) FROM texts u, texts v",
	"SELECT personalization.set_profile('bad', t, domain_expertise => ARRAY(SELECT t FROM texts)) FROM texts",
	"SELECT personalization.append_message('bad', personalization.start_conversation('bad', u.t), 'user', v.t) FROM texts u, texts v",
	"SELECT personalization.run_maintenance()");
foreach my $n (0, $#texts)
{
	check("hostile $n", sql("SELECT personalization.report('bad', (SELECT t FROM texts OFFSET $n LIMIT 1))"));
}
check('a hostile company', sql("SELECT personalization.tenant_report('bad')"));
check('nobody', sql("SELECT personalization.report('bad', 'nobody')"));

$browser->end;
done_testing();
