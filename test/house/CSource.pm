# C as the checks of this folder read it: files, their comments taken out, and the SQL in their strings.
package CSource;

use strict;
use warnings;

use parent 'Exporter';

use File::Basename qw(dirname);
use File::Find;

our @EXPORT = qw(top c_files slurp without_comments line_of literals statements exceptions complain finish);

# The tree to check: the argument, or the project.
sub top { return $ARGV[0] // dirname(__FILE__) . '/../..'; }

sub slurp
{
	my $file = shift;
	open my $in, '<', $file or die "$file: $!\n";
	local $/;
	return scalar <$in>;
}

# The files of src/, relative to the tree, whose names end so.
sub c_files
{
	my ($top, $suffixes) = @_;
	my @files;

	find({ no_chdir => 1, wanted => sub { push @files, substr($_, length("$top/")) if /\.(?:$suffixes)$/ } }, "$top/src");
	return sort @files;
}

# The text with blanks in place of comments, so that lines stay where they are.
sub without_comments
{
	my $text = shift;

	$text =~ s{("(?:[^"\\\n]|\\.)*")|('(?:[^'\\\n]|\\.)*')|(/\*.*?\*/|//[^\n]*)}
		{ defined $1 ? $1 : defined $2 ? $2 : $3 =~ s/[^\n]/ /gr }gse;
	return $text;
}

# The line, from 1, of a place in a text.
sub line_of { my ($text, $place) = @_; return 1 + (substr($text, 0, $place) =~ tr/\n//); }

# Faults are printed as "file:line: what"; a check ends with finish().
my %faults;
sub complain { my ($place, $what) = @_; $faults{"$place: $what\n"} = 1; return; }

sub finish
{
	print sort { ($a =~ /^(.*?):/)[0] cmp ($b =~ /^(.*?):/)[0] || ($a =~ /:(\d+)/)[0] <=> ($b =~ /:(\d+)/)[0] || $a cmp $b } keys %faults;
	exit(%faults ? 1 : 0);
}

# Tokens of text: [text, line].
sub tokens
{
	my ($text, $line) = @_;
	my @tokens;

	while ($text =~ /\G(?:(\s+)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\w+|\#\w+|\S))/gc)
	{
		if (defined $1) { $line += ($1 =~ tr/\n//); next; }
		push @tokens, [ $2, $line ];
	}
	return @tokens;
}

# The macros of a file that have to do with text: name => [parameters or undef, tokens].
sub macros
{
	my $text = shift;
	my %macros;

	while ($text =~ /^[ \t]*#[ \t]*define[ \t]+(\w+)(\(([^)]*)\))?((?:[^\n]*\\\n)*[^\n]*)$/gm)
	{
		my ($name, $call, $parameters, $body) = ($1, $2, $3, $4);
		$body =~ s/\\\n/ /g;
		$macros{$name} = [ defined $call ? [ $parameters =~ /(\w+)/g ] : undef, [ tokens($body, 0) ] ];
	}
	return \%macros;
}

# Tokens with the macros replaced; what comes of one stands in the line where it was used.
sub expanded
{
	my ($macros, $tokens, $depth) = @_;
	my @out;

	for (my $i = 0; $i < @$tokens; $i++)
	{
		my ($text, $line) = @{ $tokens->[$i] };
		my $macro = $depth < 12 ? $macros->{$text} : undef;
		my %arguments;

		if ($macro && $macro->[0])
		{
			# Its arguments, each a list of tokens.
			if (($tokens->[ $i + 1 ] // [''])->[0] ne '(') { push @out, $tokens->[$i]; next; }
			my ($level, @lists) = (0, []);
			my $j = $i + 1;
			for (; $j < @$tokens; $j++)
			{
				my $t = $tokens->[$j][0];
				$level++ if $t eq '(';
				$level-- if $t eq ')';
				last if $level == 0;
				next if $t eq '(' && $level == 1;
				if ($t eq ',' && $level == 1) { push @lists, []; next; }
				push @{ $lists[-1] }, $tokens->[$j];
			}
			@arguments{ @{ $macro->[0] } } = @lists;
			$i = $j;
		}
		elsif (!$macro) { push @out, $tokens->[$i]; next; }
		my @body;
		foreach my $t (map { $_->[0] } @{ $macro->[1] })
		{
			if (exists $arguments{$t}) { push @body, map { [ $_->[0], $_->[1] || $line ] } @{ $arguments{$t} // [] }; }
			elsif ($t =~ /^#(\w+)$/ && exists $arguments{$1}) { push @body, [ '"' . join(' ', map { $_->[0] } @{ $arguments{$1} // [] }) . '"', $line ]; }
			else { push @body, [ $t, $line ]; }
		}
		push @out, expanded($macros, \@body, $depth + 1);
	}
	return @out;
}

# The tokens of a file, macros replaced and strings that follow each other joined: [text, line].  A
# string is given with its first quote, and without the last.
sub literals
{
	my ($top, $file) = @_;
	my $text = without_comments(slurp("$top/$file"));
	my %macros;

	# Those of the headers that it includes, then its own.
	foreach my $header ($text =~ /^#include "([^"]+)"/gm)
	{
		%macros = (%macros, %{ macros(without_comments(slurp("$top/src/$header"))) }) if -e "$top/src/$header";
	}
	%macros = (%macros, %{ macros($text) });
	delete @macros{qw(STATEMENT ROW_WRITER)};
	$text =~ s/^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$/$& =~ s{[^\n]}{}gr/gme;

	my @joined;
	foreach my $token (expanded(\%macros, [ tokens($text, 1) ], 0))
	{
		my ($t, $line) = @$token;
		if ($t =~ /^"(.*)"$/s)
		{
			my $string = $1;

			$string =~ s/\\n/ /g;
			$string =~ s/\\(.)/$1/g;
			if (@joined && $joined[-1][0] =~ /^"/) { $joined[-1][0] .= $string; next; }
			push @joined, [ "\"$string", $line ];
		}
		else { push @joined, $token; }
	}
	return @joined;
}

# The SQL statements of a file: [SQL, line].  A RowWriter is the INSERT that it makes.
sub statements
{
	my ($top, $file) = @_;
	my @tokens = literals($top, $file);
	my @found;

	foreach my $i (0 .. $#tokens)
	{
		my ($text, $line) = @{ $tokens[$i] };
		if ($text eq 'ROW_WRITER' && $tokens[ $i + 2 ][0] =~ /^"(.*)/s)
		{
			my ($table, $columns) = ($1, substr($tokens[ $i + 4 ][0], 1));
			my $tail = $tokens[ $i + 8 ][0] =~ /^"(.*)/s ? $1 : '';
			push @found, [ "INSERT INTO $table (tenant_id, $columns) VALUES (\$1) $tail", $line ];
		}
		push @found, [ $1, $line ]
		  if $text =~ /^"\s*((?:SELECT|INSERT|UPDATE|DELETE|TRUNCATE|MERGE|WITH|COPY|LOCK)\b.*)/s;
	}
	return @found;
}

# The exceptions of a check: a file of lines "key: reason", by key; # begins a comment.
sub exceptions
{
	my $file = shift;
	my %reasons;

	return {} unless -e $file;
	foreach (split /\n/, slurp($file))
	{
		next if /^\s*(?:#|$)/;
		my ($key, $reason) = /^(.*?):\s+(\S.*)$/ or die "$file: no reason: $_\n";
		$reasons{$key} = $reason;
	}
	return \%reasons;
}

1;
