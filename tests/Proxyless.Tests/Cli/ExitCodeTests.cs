using Proxyless.Cli;
using Proxyless.Inference;
using Proxyless.Measurement;
using Proxyless.Runs;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class ExitCodeTests
{
    private static readonly (Exception Exception, int Code)[] Table =
    [
        (new InvalidInputException("no folder"), 2),
        (new LimitNotMetException("too slow"), 2),
        (new TargetUnavailableException("off"), 2),
        (new TrainingDivergedException("infinite"), 2),
        (new RunFailedException("disk full"), 1),
        (new RunInterruptedException("runs/a"), 130),
        (new UnreadableImageException("no image"), 1),
        (new InvalidDataException("no model"), 2),
        (new PathTooLongException("a long path"), 2),
        (new OperationCanceledException(), 130),
        (new IOException("no space"), 1),
        (new UnauthorizedAccessException("read-only"), 1),
        (new InvalidOperationException("a bug"), 1),
    ];

    [Fact]
    public void Each_exception_ends_the_process_with_its_code() =>
        Assert.All(
            Table,
            row =>
                Assert.Equal((row.Exception.GetType(), row.Code), (row.Exception.GetType(), ExitCode.Of(row.Exception)))
        );

    [Fact]
    public void A_target_that_was_waited_for_in_vain_until_the_command_was_canceled_is_no_bad_input() =>
        Assert.Equal(ExitCode.Interrupted, ExitCode.Of(new TargetUnavailableException("off"), isCanceled: true));

    [Fact]
    public void No_public_exception_of_the_libraries_is_missing_here() =>
        Assert.Empty(
            new[] { typeof(InvalidInputException), typeof(OnnxClassifier), typeof(OnnxTimer) }
                .SelectMany(type => type.Assembly.GetExportedTypes())
                .Where(type => type.IsAssignableTo(typeof(Exception)) && !type.IsAbstract)
                .Except(Table.Select(row => row.Exception.GetType()))
        );

    [Fact]
    public void What_the_library_fails_with_for_a_known_reason_has_one_base()
    {
        Assert.All(
            Table.Where(row => row.Exception.GetType().Assembly == typeof(ProxylessException).Assembly),
            row =>
                Assert.True(
                    row.Exception is ProxylessException or OperationCanceledException,
                    $"{row.Exception.GetType()}"
                )
        );
    }
}
