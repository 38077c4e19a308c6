# The examples of a page of the manual: reading them, running them in one session, and comparing what
# they print with what the page says they print.
#
# A block of SQL that a block of text follows has printed that text.  So has a block of shell, on the
# pages that say so; `cat FILE` there means that the file holds the text.

package Manual;

use strict;
use warnings;

use parent 'Exporter';

use IPC::Run;
use POSIX qw(strftime);

our @EXPORT = qw(blocks run_blocks deviations with_printed);

# What differs from run to run, in the forms in which it is printed.  A time counts as such only if it
# is of these days or later: earlier ones are of the example, and must be as the page has them.
my $uuid = qr/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/;
my $clock = qr/[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[+-]\d\d(?::?\d\d)?|Z)?/;
my $day = qr/\d{4}-\d\d-\d\d/;
my $duration = qr/\b\d\d:\d\d:\d\d\.\d+\b/;
my $no_time = qr/_seconds": 0(?:\.0\d*)?\b/;
my $microseconds = qr/\b[89]\d{14}\b/;
my $number = qr/(?<![\w.])-?\d+\.\d{6,}(?:e-?\d+)?\b/;

# blocks(file): the fenced blocks, each with its language, the line of its fence and its text.
sub blocks
{
	my $file = shift;
	my (@blocks, $open);

	open(my $in, '<', $file) or die "cannot read $file: $!";
	while (my $line = <$in>)
	{
		if ($line =~ /^```(\w*)$/)
		{
			push @blocks, $open if $open && $1 eq '';
			$open = $open && $1 eq '' ? undef : { language => $1, line => $., text => '' };
		}
		elsif ($open) { $open->{text} .= $line; }
	}
	close $in;
	return @blocks;
}

# run_blocks(connection, directory, block…): runs them in one session of psql, in the directory; sets
# what each printed as its member "printed".
sub run_blocks
{
	my ($connection, $directory, @blocks) = @_;
	my $script = '';
	my $printed = '';

	foreach my $i (0 .. $#blocks)
	{
		$script .= "\\echo \@\@ $i\n";
		if ($blocks[$i]{language} eq 'sh')
		{
			open(my $out, '>', "$directory/block$i.sh") or die $!;
			print $out $blocks[$i]{text};
			close $out;
			$script .= "\\! bash block$i.sh 2>&1\n";
		}
		else { $script .= $blocks[$i]{text}; }
	}
	IPC::Run::run([ 'psql', '-X', '-q', '-d', $connection ], '<', \$script, '>&', \$printed,
		init => sub { chdir $directory or die "cannot change to $directory: $!" });
	my @parts = split /^\@\@ (\d+)\n/m, $printed;
	shift @parts;
	while (my ($i, $text) = splice(@parts, 0, 2)) { $blocks[$i]{printed} = $text; }
	return;
}

# A line without what only the width of columns makes.
sub trimmed
{
	my $line = shift;

	$line =~ s/-{3,}/---/g;
	$line =~ s/\s+/ /g;
	$line =~ s/ ?\+?$//;
	$line =~ s/^ //;
	return $line;
}

# The lines of a text that say something.  The frame that psql draws around a document is not among them.
sub lines
{
	my $text = join("\n", grep { $_ ne '' } map { trimmed($_) } split /\n/, shift // '');

	$text =~ s/^\w+\n---\n(?=[{\[]$)//mg;
	$text =~ s/^([}\]])\n\(1 row\)$/$1/mg;
	return split /\n/, $text;
}

# Of the two days before the test began, or later: when something expires.
sub is_recent { return shift ge strftime('%Y-%m-%d', gmtime($^T - 2 * 86400)); }

# pattern(line): a regular expression for what the page may have where this was printed.
sub pattern
{
	my $line = shift;
	my $pattern = '';

	while ($line =~ /\G(?:($uuid)|(($day)(?:$clock)?)|($duration)|($number)|($microseconds)|($no_time)|(.))/gs)
	{
		if (defined $1) { $pattern .= $uuid; }
		elsif (defined $2) { $pattern .= is_recent($3) ? "$day(?:$clock)?" : quotemeta $2; }
		elsif (defined $4) { $pattern .= $duration; }
		elsif (defined $5) { $pattern .= quotemeta(substr($5, 0, -2)) . '\d+'; }
		elsif (defined $6) { $pattern .= $microseconds; }
		elsif (defined $7) { $pattern .= $no_time; }
		else { $pattern .= quotemeta $8; }
	}
	return qr/^$pattern$/;
}

# agree(page's line, printed line): whether they are the same but for what differs from run to run.
sub agree
{
	my ($expected, $printed) = @_;

	return $expected eq $printed || $expected =~ pattern($printed);
}

# difference(page's text, printed text): the lines of either that the other does not have, marked - for
# the page's and + for the printed ones; empty where they agree.
sub difference
{
	my @expected = lines(shift);
	my @printed = lines(shift);
	my (@common, @found);

	# The longest common subsequence, from the ends.
	foreach my $e (reverse 0 .. $#expected)
	{
		foreach my $p (reverse 0 .. $#printed)
		{
			my $both = agree($expected[$e], $printed[$p]) ? 1 + ($common[ $e + 1 ][ $p + 1 ] // 0) : 0;
			my ($longest) = sort { $b <=> $a } $both, $common[ $e + 1 ][$p] // 0, $common[$e][ $p + 1 ] // 0;
			$common[$e][$p] = $longest;
		}
	}
	my ($e, $p) = (0, 0);
	while ($e < @expected || $p < @printed)
	{
		if ($e < @expected && $p < @printed && agree($expected[$e], $printed[$p])
			&& $common[$e][$p] == 1 + ($common[ $e + 1 ][ $p + 1 ] // 0)) { $e++; $p++; }
		elsif ($p >= @printed || $e < @expected && ($common[ $e + 1 ][$p] // 0) > ($common[$e][ $p + 1 ] // 0)) { push @found, "- $expected[$e++]"; }
		else { push @found, "+ $printed[$p++]"; }
	}
	return join("\n", @found);
}

# with_printed(file, block…): the page, with what was printed where it has something else.
sub with_printed
{
	my ($file, @blocks) = @_;
	my %printed = map { $_->{expected_line} => $_ } grep { defined $_->{expected} && defined $_->{printed} } @blocks;
	my ($page, $skipping) = ('', 0);

	open(my $in, '<', $file) or die "cannot read $file: $!";
	while (my $line = <$in>)
	{
		$skipping = 0 if $line eq "```\n";
		$page .= $line unless $skipping;
		my $block = $printed{$.};
		next unless $block && differs($block->{expected}, $block->{printed}) ne '';
		my $text = $block->{printed} =~ s/[ ]+$//mgr =~ s/\n+$/\n/r;
		# Documents are shown without psql's frame.
		$text = $text =~ s/\s*\+$//mgr =~ s/^.*\n-+\n//r =~ s/\(1 row\)\n//r =~ s/^ //mgr
		  if $block->{expected} =~ /^[{\[]\n/;
		$page .= $text;
		$skipping = 1;
	}
	close $in;
	return $page;
}

# differs(page's text, printed text): the difference, or the empty string where the page has all that is
# printed, or all of it from some line on: what the statements before the last print may be left out.
sub differs
{
	my ($expected, $printed) = @_;
	my $difference = difference($expected, $printed);

	return $difference || '(nothing)' if $expected !~ /\S/;
	my @printed = lines($printed);
	my $left_out = () = $difference =~ /^\+ /mg;

	return $difference if $difference eq '' || $difference =~ /^- /m;
	return $difference if grep { /^(?:psql:\S+ )?(?:ERROR|FATAL|WARNING|NOTICE): / } splice(@printed, 0, $left_out);
	return difference($expected, join("\n", @printed)) eq '' ? '' : $difference;
}

# deviations(file, block…): what differs, a text each, which begins FILE:LINE.
sub deviations
{
	my ($file, @blocks) = @_;
	my @found;

	foreach my $block (@blocks)
	{
		my $printed = $block->{printed};

		if (!defined $printed) { push @found, "$file:$block->{line}: the session ended before this"; }
		elsif (defined $block->{expected})
		{
			my $difference = differs($block->{expected}, $printed);

			push @found, "$file:$block->{expected_line}: the page has -, what printed has +\n$difference" if $difference ne '';
		}
		elsif (!$block->{exempt} && $printed =~ /^(?:ERROR|FATAL|WARNING): /m) { push @found, "$file:$block->{line}: this printed\n$printed"; }
	}
	return @found;
}

1;
