using System.Text.Json;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class WorkClaimTests : IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    // Long enough for any machine, and only reached where the test fails.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Only_one_has_a_claim_and_then_the_next()
    {
        using (WorkClaim? first = WorkClaim.TryTake(_folder.Root, Lease))
        {
            Assert.NotNull(first);
            Assert.Null(WorkClaim.TryTake(_folder.Root, Lease));
            Assert.True(WorkClaim.IsIn(_folder.Root));
        }

        Assert.False(WorkClaim.IsIn(_folder.Root));
        using WorkClaim? second = WorkClaim.TryTake(_folder.Root, Lease);
        Assert.NotNull(second);
    }

    [Fact]
    public void Of_many_at_the_same_time_one_gets_it()
    {
        var taken = new WorkClaim?[16];
        Parallel.For(0, taken.Length, i => taken[i] = WorkClaim.TryTake(_folder.Root, Lease));
        Assert.Single(taken, claim => claim is not null);
        Array.ForEach(taken, claim => claim?.Dispose());
    }

    [Fact]
    public void A_killed_process_of_this_host_has_none()
    {
        // No process has this number, or one that began at another time.
        Leave(Environment.MachineName, TimeSpan.Zero);
        using WorkClaim? claim = WorkClaim.TryTake(_folder.Root, Lease);
        Assert.NotNull(claim);
        Assert.Equal([".claim-2.json"], Directory.EnumerateFiles(_folder.Root).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(-60)]
    public void On_another_host_the_time_of_the_folder_decides_and_not_that_hosts_clock(int minutesAhead)
    {
        Leave("elsewhere", TimeSpan.FromMinutes(minutesAhead));
        Assert.Null(WorkClaim.TryTake(_folder.Root, Lease));
        File.SetLastWriteTimeUtc(Claim(1), File.GetLastWriteTimeUtc(Claim(1)) - (2 * Lease));
        using WorkClaim? claim = WorkClaim.TryTake(_folder.Root, Lease);
        Assert.NotNull(claim);
    }

    [Fact]
    public void A_holder_shows_life_and_sees_that_it_was_overtaken()
    {
        using WorkClaim? claim = WorkClaim.TryTake(_folder.Root, TimeSpan.FromSeconds(0.3));
        Assert.NotNull(claim);
        File.SetLastWriteTimeUtc(Claim(1), DateTime.UnixEpoch);
        Assert.True(
            SpinWait.SpinUntil(() => File.GetLastWriteTimeUtc(Claim(1)) > DateTime.UnixEpoch.AddDays(1), Patience)
        );
        Assert.False(claim.Lost.IsCancellationRequested);
        File.Copy(Claim(1), Claim(2));
        Assert.True(claim.Lost.WaitHandle.WaitOne(Patience));
    }

    [Fact]
    public void A_file_system_that_cannot_tell_who_was_first_is_refused()
    {
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            WorkClaim.TryTake(_folder.Root, Lease, (_, _) => true)
        );
        Assert.Contains("two processes can create the same file", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named()
    {
        string file = Path.Combine(_folder.Root, "file");
        File.WriteAllText(file, "");
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            WorkClaim.TryTake(Path.Combine(file, "work"), Lease)
        );
        Assert.Contains(Path.Combine(file, "work"), refused.Message, StringComparison.Ordinal);
        InvalidInputException full = Assert.Throws<InvalidInputException>(() =>
            WorkClaim.TryTake(_folder.Root, Lease, (_, _) => throw new IOException("No space left on device"))
        );
        Assert.Contains("No space left on device", full.Message, StringComparison.Ordinal);
    }

    private string Claim(int number) => Path.Combine(_folder.Root, $".claim-{number}.json");

    private void Leave(string host, TimeSpan ahead)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow + ahead;
        File.WriteAllText(
            Claim(1),
            JsonSerializer.Serialize(new RunHolder(int.MaxValue, host, now, now), JsonLines.Options)
        );
    }
}
