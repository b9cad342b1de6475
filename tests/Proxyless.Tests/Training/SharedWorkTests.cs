using Proxyless.Distributed;
using Proxyless.Runs;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Training;

/// <summary>Shared work in a process that does not lead.</summary>
public sealed class SharedWorkTests
{
    // The leader sends no file.
    private const string Nowhere = "";

    [Fact]
    public void A_process_whose_work_ends_before_the_leaders_fails_instead_of_waiting()
    {
        using var alike = new ProcessGroup(new Led(true, false));
        SharedWork.Follow(alike, Nowhere, parallel => parallel.BeginStep());
        using var apart = new ProcessGroup(new Led(true, true));
        Assert.Throws<InvalidOperationException>(() =>
            SharedWork.Follow(
                apart,
                Nowhere,
                parallel =>
                {
                    parallel.BeginStep();
                    parallel.EndStep();
                }
            )
        );
    }

    [Fact]
    public void What_fails_after_the_last_step_is_said_by_the_work_that_needs_it()
    {
        var failure = new IOException("the memory of this process is full");
        using var goesOn = new ProcessGroup(new Led(true));
        Assert.Same(failure, Assert.Throws<IOException>(() => SharedWork.Follow(goesOn, Nowhere, _ => throw failure)));

        using var ends = new ProcessGroup(new Led(false));
        using var state = new FollowerState(Nowhere);
        state.Failure = SharedWork.Follow(ends, Nowhere, _ => throw failure);
        Assert.Same(failure, Assert.Throws<IOException>(() => state.Scorer));
        Assert.Same(failure, Assert.Throws<IOException>(() => state.Trials));

        // The next work had no failure, but prepared nothing either.
        using var next = new ProcessGroup(new Led(false));
        state.Failure = SharedWork.Follow(next, Nowhere, _ => { });
        Assert.Throws<InvalidOperationException>(() => state.Scorer);
    }

    /// <summary>The second of two processes.</summary>
    /// <param name="goesOn">What the leader says of each step: that it comes, or that the work is over.</param>
    private sealed class Led(params bool[] goesOn) : ICommunicator
    {
        private readonly Queue<bool> _goesOn = new(goesOn);

        public int Rank => 1;

        public int Size => 2;

        public string Description => "a process that follows";

        public void Sum(Span<float> values) { }

        public void Sum(Span<double> values) { }

        public bool SumOnDevice(nint first, long count) => true;

        public void Broadcast(Span<byte> bytes)
        {
            // One byte is a word of the leader; a length of 0 means that there is no file.
            if (bytes is [_])
            {
                bytes[0] = _goesOn.Dequeue() ? (byte)1 : (byte)0;
            }
        }

        public ulong[] Gather(ulong value) => [value, value];

        public void Meet() { }

        public void Abort(int code) => throw new NotSupportedException();

        public void Dispose() { }
    }
}
