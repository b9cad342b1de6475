using System.Text.Json;
using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class WorkClaimTests : IDisposable
{
    // Long enough for any machine, and only reached where the test fails.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly ManualClock _clock = new();

    // Of a holder that beats only when a test tells it to: a beat of its own could come between two steps of the test.
    private readonly ClaimWatch _still;

    public WorkClaimTests() => _still = new ClaimWatch(TimeSpan.FromDays(1), _clock);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Only_one_has_a_claim_and_then_the_next_with_a_number_of_its_own()
    {
        using (WorkClaim? first = Take())
        {
            Assert.Equal(1, first!.Number);
            Assert.Null(Take());
        }

        Assert.True(WorkClaim.IsIn(_folder.Root));
        using WorkClaim? second = Take();
        Assert.Equal(2, second!.Number);
    }

    [Fact]
    public void A_claim_that_could_not_be_released_does_not_keep_its_own_process_waiting()
    {
        byte[] held;
        using (WorkClaim? claim = Take())
        {
            Assert.Equal(1, claim!.Number);
            held = File.ReadAllBytes(Claim(1));
        }

        File.WriteAllBytes(Claim(1), held);
        using WorkClaim? next = Take();
        Assert.Equal(2, next!.Number);
    }

    [Fact]
    public void Whether_somebody_has_the_work_can_be_asked()
    {
        Assert.False(WorkClaim.IsHeldIn(Path.Combine(_folder.Root, "nowhere"), Watch()));
        using (Take())
        {
            Assert.True(WorkClaim.IsHeldIn(_folder.Root, Watch()));
        }

        Assert.False(WorkClaim.IsHeldIn(_folder.Root, Watch()));
        Leave(_folder.Root, Holders.Elsewhere());
        var watch = new ClaimWatch(TimeSpan.Zero, _clock);
        Assert.True(WorkClaim.IsHeldIn(_folder.Root, watch));
        Assert.False(WorkClaim.IsHeldIn(_folder.Root, watch));
    }

    [Fact]
    public void Work_that_is_done_leaves_no_trace()
    {
        using (WorkClaim? claim = Take())
        {
            claim!.Complete();
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public void Of_many_at_the_same_time_one_gets_it()
    {
        var taken = new WorkClaim?[16];
        Parallel.For(0, taken.Length, i => taken[i] = Take());
        Assert.Single(taken, claim => claim is not null);
        Array.ForEach(taken, claim => claim?.Dispose());
    }

    [Fact]
    public void Of_many_that_find_a_killed_process_one_takes_over()
    {
        Assert.SkipWhen(
            OperatingSystem.IsLinux() && !KernelProcess.SeesAll,
            "the system does not show processes of other users"
        );
        for (int round = 0; round < 20; round++)
        {
            string folder = Path.Combine(_folder.Root, $"{round}");
            Leave(folder, Holders.Killed());
            var taken = new WorkClaim?[8];
            Parallel.For(0, taken.Length, i => taken[i] = WorkClaim.TryTake(folder, Watch()));
            Assert.Single(taken, claim => claim is not null);
            Assert.Equal([".claim-2.json"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
            Array.ForEach(taken, claim => claim?.Dispose());
        }
    }

    [Fact]
    public void On_another_host_silence_decides_and_nobodys_clock()
    {
        RunHolder far = Holders.Elsewhere() with { Since = DateTimeOffset.UtcNow.AddHours(1) };
        Leave(_folder.Root, far);
        ClaimWatch watch = Watch();
        Assert.Null(WorkClaim.TryTake(_folder.Root, watch));

        // Modification times are no sign of life, and no sign of death.
        File.SetLastWriteTimeUtc(Claim(1), DateTime.UnixEpoch);
        for (int i = 0; i < 5; i++)
        {
            _clock.Seconds += 10;
            Assert.Null(WorkClaim.TryTake(_folder.Root, watch));
        }

        _clock.Seconds += 10;
        using WorkClaim? claim = WorkClaim.TryTake(_folder.Root, watch);
        Assert.Equal(2, claim!.Number);
    }

    [Fact]
    public void A_process_of_this_host_that_stands_still_is_judged_by_silence()
    {
        // The first process of the system is there all the time, and shows no life here.
        Assert.SkipUnless(KernelProcess.SeesAll && Environment.ProcessId != 1, "the system does not show that process");
        RunHolder still = RunHolder.Current() with { Process = 1, Kernel = KernelProcess.Of(1) };
        Assert.True(still.IsSeen && still.IsAlive());
        Leave(_folder.Root, still);
        ClaimWatch watch = Watch();
        for (int i = 0; i < 6; i++)
        {
            Assert.Null(WorkClaim.TryTake(_folder.Root, watch));
            _clock.Seconds += 10;
        }

        using WorkClaim? claim = WorkClaim.TryTake(_folder.Root, watch);
        Assert.Equal(2, claim!.Number);
    }

    [Fact]
    public void A_process_that_stood_still_itself_does_not_take_the_others_for_dead()
    {
        Leave(_folder.Root, Holders.Elsewhere());
        ClaimWatch watch = Watch();
        Assert.Null(WorkClaim.TryTake(_folder.Root, watch));
        _clock.Seconds += 3600;
        Assert.Null(WorkClaim.TryTake(_folder.Root, watch));
    }

    [Fact]
    public void A_container_that_has_this_hosts_name_is_judged_by_silence()
    {
        if (KernelProcess.Current is not { } own)
        {
            Assert.Skip("the system does not tell containers apart");
            return;
        }

        Assert.All(
            (KernelProcess[])[own with { Space = "pid:[1]" }, own with { Boot = "another" }],
            kernel =>
            {
                Leave(_folder.Root, RunHolder.Current() with { Kernel = kernel });
                Assert.Null(Take());
            }
        );
    }

    [Fact]
    public void A_holder_shows_life()
    {
        ClaimWatch brief = new(TimeSpan.FromSeconds(0.3), _clock);
        using WorkClaim? claim = Take(brief, Holders.Elsewhere());
        byte[] before = File.ReadAllBytes(Claim(1));
        Assert.True(SpinWait.SpinUntil(() => !before.AsSpan().SequenceEqual(File.ReadAllBytes(Claim(1))), Patience));
        Assert.False(claim!.Lost.IsCancellationRequested);
    }

    [Fact]
    public void A_holder_that_was_overtaken_sees_it_and_leaves_the_next_ones_alone()
    {
        WorkClaim first = Take(_still, Holders.Elsewhere())!;
        File.Move(Claim(1), Claim(2));
        first.Beat();
        Assert.True(first.Lost.IsCancellationRequested);
        Assert.False(first.IsHeld());
        first.Dispose();
        Assert.Equal([".claim-2.json"], Directory.EnumerateFiles(_folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void A_holder_does_not_take_another_claim_of_its_number_for_its_own()
    {
        using WorkClaim first = Take(_still, Holders.Elsewhere())!;
        Leave(_folder.Root, Holders.Elsewhere());
        byte[] others = File.ReadAllBytes(Claim(1));
        first.Beat();
        Assert.True(first.Lost.IsCancellationRequested);
        first.Dispose();
        Assert.Equal(others, File.ReadAllBytes(Claim(1)));
    }

    [Fact]
    public void A_holder_whose_folder_is_removed_has_lost_its_claim()
    {
        string folder = Path.Combine(_folder.Root, "work");
        using WorkClaim claim = WorkClaim.TryTake(folder, _still)!;
        Directory.Delete(folder, recursive: true);
        claim.Beat();
        Assert.True(claim.Lost.IsCancellationRequested);
        claim.Dispose();
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void An_error_of_the_file_system_is_not_taken_for_the_end_of_a_claim()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        string folder = Path.Combine(_folder.Root, "work");
        string aside = Path.Combine(_folder.Root, "aside");
        using WorkClaim claim = WorkClaim.TryTake(folder, _still)!;
        Directory.Move(folder, aside);

        // A link to itself cannot be listed, as a folder on a server that is away; one that is missing is told apart.
        Directory.CreateSymbolicLink(folder, folder);
        claim.Beat();
        Assert.False(claim.Lost.IsCancellationRequested);
        Assert.ThrowsAny<IOException>(() => claim.IsHeld());
        Assert.ThrowsAny<IOException>(() => WorkClaim.IsHeldIn(folder, Watch()));
        File.Delete(folder);
        Directory.Move(aside, folder);
        claim.Beat();
        Assert.True(claim.IsHeld());
    }

    [Fact]
    public void Only_a_claim_of_another_that_was_read_counts_as_taken_over()
    {
        using WorkClaim first = Take(_still, Holders.Elsewhere())!;
        Assert.False(first.IsTakenOver());
        File.Delete(Claim(1));
        Assert.False(first.IsHeld());
        Assert.False(first.IsTakenOver());
        File.WriteAllText(Claim(1), "damaged");
        Assert.False(first.IsTakenOver());
        Leave(_folder.Root, Holders.Elsewhere());
        Assert.True(first.IsTakenOver());
        File.Move(Claim(1), Claim(2));
        Assert.True(first.IsTakenOver());
    }

    [Fact]
    public void A_file_system_that_cannot_tell_who_was_first_is_refused()
    {
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            WorkClaim.TryTake(_folder.Root, Watch(), RunHolder.Current(), (_, _) => true)
        );
        Assert.Contains("two processes can create the same file", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named()
    {
        string file = Path.Combine(_folder.Root, "file");
        File.WriteAllText(file, "");
        IOException refused = Assert.ThrowsAny<IOException>(() =>
            WorkClaim.TryTake(Path.Combine(file, "work"), Watch())
        );
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
    }

    private ClaimWatch Watch() => new(ClaimWatch.DefaultLease, _clock);

    private WorkClaim? Take() => WorkClaim.TryTake(_folder.Root, Watch());

    private WorkClaim? Take(ClaimWatch watch, RunHolder holder) =>
        WorkClaim.TryTake(_folder.Root, watch, holder, WorkClaim.TryCreate);

    /// <summary>Writes the first claim of a process that will not beat.</summary>
    private static void Leave(string folder, RunHolder holder)
    {
        Directory.CreateDirectory(folder);
        var claim = new
        {
            Holder = holder,
            Id = Guid.NewGuid(),
            Beat = 0,
            IsReleased = false,
        };
        File.WriteAllText(Path.Combine(folder, ".claim-1.json"), JsonSerializer.Serialize(claim, JsonLines.Options));
    }

    private string Claim(int number) => Path.Combine(_folder.Root, $".claim-{number}.json");
}
