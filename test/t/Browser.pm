# Chromium without a window, and a client of its DevTools protocol over pipes.
#
# Pages are given as text and loaded from a file.  Whatever a page asks for besides itself is noted and
# does not leave this machine; so is a dialog, which only a script could open.
package Browser;

use strict;
use warnings;

use IO::Select;
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use POSIX ();
use Time::HiRes qw(time);

# Seconds for an answer: a browser starts slowly where much else runs.
our $patience = 120;

# The program, or undef.
sub program
{
	foreach my $name ('chromium', 'chromium-browser', 'google-chrome')
	{
		foreach my $path (split(/:/, $ENV{PATH}), '/usr/bin') { return "$path/$name" if -x "$path/$name"; }
	}
	return undef;
}

# new(dir): a browser that keeps its files in a directory; undef where there is none or it does not start.
sub new
{
	my ($class, $dir) = @_;
	my $program = program() // return undef;
	my $self = bless { dir => $dir, id => 0, buffer => '', requests => [], dialogs => [] }, $class;

	mkdir $dir;
	# It reads its file descriptor 3, and writes to 4.
	pipe(my $its_in, my $out) or die "pipe: $!\n";
	pipe(my $in, my $its_out) or die "pipe: $!\n";
	my $pid = fork() // die "fork: $!\n";
	if ($pid == 0)
	{
		setpgrp(0, 0);
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', "$dir/log");
		open(STDERR, '>&', \*STDOUT);
		# First out of the way of both.
		POSIX::dup2(fileno $its_in, 103);
		POSIX::dup2(fileno $its_out, 104);
		POSIX::dup2($_ + 100, $_) foreach 3, 4;
		$ENV{HOME} = $dir;
		exec($program, '--headless=new', '--remote-debugging-pipe', "--user-data-dir=$dir/profile", '--no-sandbox',
			'--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run', '--disable-extensions',
			'--disable-background-networking', '--disable-component-update', '--disable-sync', '--font-render-hinting=none',
			'--host-resolver-rules=MAP * ~NOTFOUND', 'about:blank') or POSIX::_exit(127);
	}
	close $its_in;
	close $its_out;
	@$self{qw(pid in out)} = ($pid, $in, $out);
	eval { $self->attach; 1 } and return $self;
	warn $@;
	$self->end;
	return undef;
}

# Attaches to the first page.
sub attach
{
	my $self = shift;
	my $targets = $self->call('Target.getTargets')->{targetInfos};
	my ($page) = grep { $_->{type} eq 'page' } @$targets;
	my $target = $page ? $page->{targetId} : $self->call('Target.createTarget', { url => 'about:blank' })->{targetId};

	$self->{session} = $self->call('Target.attachToTarget', { targetId => $target, flatten => JSON::PP::true })->{sessionId};
	$self->call($_) foreach 'Page.enable', 'Network.enable', 'Runtime.enable';
}

# The next message.
sub receive
{
	my $self = shift;
	my $end = time + $patience;

	my $length;

	while (($length = index($self->{buffer}, "\0")) < 0)
	{
		IO::Select->new($self->{in})->can_read($end - time) or die "the browser does not answer\n";
		sysread($self->{in}, $self->{buffer}, 65536, length $self->{buffer}) or die "the browser has ended\n";
	}
	my $text = substr($self->{buffer}, 0, $length + 1, '');
	chop $text;
	return decode_json($text);
}

# What happens without being asked for.
sub note_event
{
	my ($self, $message) = @_;
	my ($method, $params) = @$message{qw(method params)};

	return unless defined $method;    # an answer that nobody waits for
	if ($method eq 'Network.requestWillBeSent') { push @{ $self->{requests} }, $params->{request}{url}; }
	elsif ($method eq 'Page.loadEventFired') { $self->{loaded} = 1; }
	elsif ($method eq 'Page.javascriptDialogOpening')
	{
		push @{ $self->{dialogs} }, $params->{message};
		$self->send('Page.handleJavaScriptDialog', { accept => JSON::PP::false });
	}
}

sub send
{
	my ($self, $method, $params) = @_;
	my %message = (id => ++$self->{id}, method => $method, params => $params // {});

	$message{sessionId} = $self->{session} if $self->{session};
	my $text = encode_json(\%message) . "\0";
	while (length $text)
	{
		my $n = syswrite($self->{out}, $text) // die "the browser has ended: $!\n";
		substr($text, 0, $n, '');
	}
	return $self->{id};
}

# call(method, parameters): the result; an error ends the test.
sub call
{
	my ($self, $method, $params) = @_;
	my $id = $self->send($method, $params);

	while (1)
	{
		my $message = $self->receive;

		if (defined $message->{method}) { $self->note_event($message); next; }
		next if ($message->{id} // 0) != $id;
		die "$method: $message->{error}{message}\n" if $message->{error};
		return $message->{result};
	}
}

# show(page, width => pixels, scheme => 'light' or 'dark', scale => pixels for each): loads a page.
sub show
{
	my ($self, $page, %as) = @_;
	my $file = "$self->{dir}/page.html";

	open(my $out, '>:raw', $file) or die "$file: $!\n";
	print $out $page;
	close $out;
	$self->call('Emulation.setDeviceMetricsOverride',
		{ width => $as{width}, height => $as{height} // 800, deviceScaleFactor => $as{scale} // 1,
			mobile => $as{width} < 500 ? JSON::PP::true : JSON::PP::false });
	$self->call('Emulation.setEmulatedMedia', { media => $as{media} // 'screen', features => [ { name => 'prefers-color-scheme', value => $as{scheme} // 'light' } ] });
	@$self{qw(requests dialogs loaded)} = ([], [], 0);
	$self->call('Page.navigate', { url => "file://$file" });
	$self->note_event($self->receive) until $self->{loaded};
}

# value(expression): of a script that we run on the page.
sub value
{
	my ($self, $expression) = @_;
	my $result = $self->call('Runtime.evaluate', { expression => $expression, returnByValue => JSON::PP::true, awaitPromise => JSON::PP::true });

	die "$expression: $result->{exceptionDetails}{text}\n" if $result->{exceptionDetails};
	return $result->{result}{value};
}

# What the page asked for besides itself.
sub requests { my $self = shift; return grep { !m{^file://\Q$self->{dir}\E/page\.html} } @{ $self->{requests} }; }
sub dialogs { return @{ $_[0]->{dialogs} }; }

# picture(file, height, top): writes what the page looks like as PNG, from a height on, all of it or so much.
sub picture
{
	my ($self, $file, $height, $top) = @_;
	my $width = $self->value('document.documentElement.clientWidth');
	my $clip = { x => 0, y => $top // 0, width => $width, scale => 1, height => $height // $self->value('document.documentElement.scrollHeight') };
	my $shot = $self->call('Page.captureScreenshot', { format => 'png', clip => $clip, captureBeyondViewport => JSON::PP::true });

	open(my $out, '>:raw', $file) or die "$file: $!\n";
	print $out decode_base64($shot->{data});
	close $out;
}

# Ends it with all its processes.
sub end
{
	my $self = shift;

	return unless $self->{pid};
	kill('KILL', -$self->{pid});
	waitpid($self->{pid}, 0);
	delete $self->{pid};
}

sub DESTROY { local ($?, $@); $_[0]->end; }

1;
